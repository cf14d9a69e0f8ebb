import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { renderDiagnosis } from '../../lab/doctor/render.ts';
import type { Diagnosis } from '../../lab/doctor/stage.ts';
import { ok, skipped, wrong } from '../../lab/doctor/stage.ts';
import { targets } from '../../lab/doctor/targets.ts';
import { stub } from '../services/support.ts';
import { RealMesh } from './fixtures/realMesh.ts';

const main = fileURLToPath(new URL('../../lab/main.ts', import.meta.url));

async function doctor(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [main, 'doctor', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, stdout, stderr };
}

test('doctor takes addresses from the environment, and ends with 0 where all is well', async () => {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  const mesh = await RealMesh.start(collector.otlpUrl);
  const { code, stdout, stderr } = await doctor([], {
    AFTERSHOCK_GATEWAY: mesh.url('gateway'),
    AFTERSHOCK_COLLECTOR: collector.otlpUrl,
    AFTERSHOCK_QUERY: collector.queryUrl,
  });
  await mesh.kill();
  await collector.stop();
  expect(stdout).toMatch(/✓ request .*\n.*✓ ↳ gateway[\s\S]*All is well\.\n$/);
  expect([code, stderr]).toEqual([0, '']);
});

test('doctor --json explains every stage that is wrong, and ends with 1', async () => {
  const { url, server } = await stub(() => {});
  await new Promise((resolve) => server.close(resolve));
  const { code, stdout } = await doctor(
    ['--json', '--gateway', url, '--collector', url, '--query', url, '--prometheus', url],
    {},
  );
  const { stages, firstWrong } = JSON.parse(stdout) as Diagnosis;
  expect(code).toBe(1);
  expect(firstWrong?.name).toBe('request');
  expect(stages.filter(({ finding }) => finding !== undefined)).toHaveLength(4);
});

test('doctor ends with 2 where a variable is no URL, and names it', async () => {
  const { code, stderr } = await doctor([], { AFTERSHOCK_QUERY: 'jaeger:16686' });
  expect([code, stderr]).toEqual([2, 'AFTERSHOCK_QUERY must be an http URL, got "jaeger:16686"\n']);
});

test.each([
  { options: {}, env: {}, url: 'http://127.0.0.1:8080', asked: false },
  { options: {}, env: { GATEWAY_PORT: '9000' }, url: 'http://127.0.0.1:9000', asked: false },
  {
    options: {},
    env: { GATEWAY_PORT: '9000', AFTERSHOCK_GATEWAY: 'http://gateway:8080/' },
    url: 'http://gateway:8080',
    asked: true,
  },
  {
    options: { gateway: 'http://a:1' },
    env: { AFTERSHOCK_GATEWAY: 'http://b:2' },
    url: 'http://a:1',
    asked: true,
  },
])('targets() finds the gateway at $url with $options and $env', (row) => {
  expect(targets(row.options, row.env).gateway).toMatchObject({ url: row.url, asked: row.asked });
});

test('renderDiagnosis() is a line a stage, and a paragraph on the first that is wrong', () => {
  const bad = wrong('  ↳ auth', '', 'no span of it', {
    expected: 'a server span of auth in the trace',
    came: 'none; spans of gateway came the same way, so that neither collector nor store is to blame',
    todo: 'set OTEL_EXPORTER_OTLP_ENDPOINT',
  });
  const diagnosis: Diagnosis = {
    traceId: '',
    stages: [
      ok('request', 'http://127.0.0.1:8080', '200 in 12 ms'),
      ok('↳ gateway', '', '2 spans'),
      bad,
      skipped('prometheus', '', 'not part of this stack'),
      wrong('spans', '', 'lost 3', { expected: '', came: '', todo: '' }),
    ],
    firstWrong: bad,
  };
  expect(`\n${renderDiagnosis(diagnosis, (_style, text) => text, 80)}`).toBe(`
  ✓ request     http://127.0.0.1:8080  200 in 12 ms
  ✓ ↳ gateway                          2 spans
  ✗   ↳ auth                           no span of it
  – prometheus                         not part of this stack
  ✗ spans                              lost 3

  auth: no span of it
    expected  a server span of auth in the trace
    came      none; spans of gateway came the same way, so that neither
              collector nor store is to blame
    to do     set OTEL_EXPORTER_OTLP_ENDPOINT

  1 more stage is wrong: --json explains each.
`);
});
