import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { span } from '../traces/span.ts';
import { type LabProcess, startedPids, startLab } from './fixtures/lab.ts';

const mesh = fileURLToPath(new URL('fixtures/small.yaml', import.meta.url));
const labs: LabProcess[] = [];
let stack: Collector;

beforeEach(async () => {
  stack = await startCollector({ port: 0, queryPort: 0 });
});
afterEach(async () => {
  for (const lab of labs.splice(0)) {
    lab.process.kill('SIGKILL');
    await lab.exit;
    rmSync(lab.out, { recursive: true });
  }
  await stack.stop();
});

function start(...args: string[]): LabProcess {
  const lab = startLab(['run', '--mesh', mesh, ...args]);
  labs.push(lab);
  return lab;
}

/** A span of another load on the same stack, of now. */
async function storeForeignSpan(): Promise<void> {
  const foreign = {
    ...span('00000000000000aa', '', 0),
    startUnixNano: BigInt(Date.now()) * 1_000_000n,
    endUnixNano: BigInt(Date.now() + 1) * 1_000_000n,
    resource: { attributes: { 'service.name': 'load', 'service.instance.id': 'another' } },
  };
  await fetch(`${stack.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(encodeOtlpJson([foreign])),
  });
}

test('run against a stack outside: its own spans, read back; no collector of its own', async () => {
  await storeForeignSpan();
  const { otlpUrl: collectorUrl, queryUrl } = stack;
  const lab = start('--duration', '2s', '--json', '--collector', collectorUrl, '--query', queryUrl);
  expect(Object.keys(await startedPids(lab))).toEqual(['load', 'user', 'auth', 'gateway']);
  await storeForeignSpan();
  expect(await lab.exit, lab.stderr()).toEqual({ code: 0, signal: null });
  const { run, analysis } = lab.result();
  expect(run).toMatchObject({ failures: [], collector: null, outside: { collectorUrl, queryUrl } });
  for (const row of analysis.spans) {
    expect(row).toMatchObject({ stored: row.ended, dropped: 0, lost: 0, twice: 0 });
  }
  expect(analysis.pauses.length).toBeGreaterThan(0);
  expect(analysis.trouble.requestsWithoutTrace).toBe(0);
  const file = readFileSync(join(lab.out, 'latest', 'traces.ndjson'), 'utf8');
  expect(file).not.toContain('another');
  expect(lab.stderr()).toContain(`spans read back from ${queryUrl}`);
});

test('run against a stack that is not there: names what to start, and starts nothing', async () => {
  const { otlpUrl, queryUrl } = stack;
  await stack.stop();
  const lab = start('--collector', otlpUrl, '--query', queryUrl);
  expect(await lab.exit).toEqual({ code: 1, signal: null });
  expect(lab.stderr()).toMatch(
    /The collector at \S+ \(--collector\) cannot be used: .*ECONNREFUSED/,
  );
  expect(lab.stderr()).toMatch(/The query API at \S+ \(--query\) cannot be used/);
  expect(lab.stderr()).toContain('docker compose up');
  expect(lab.stderr()).not.toContain('started in');
});

test('run with only one half of a stack: exit code 2', async () => {
  const lab = start('--query', stack.queryUrl);
  expect(await lab.exit).toEqual({ code: 2, signal: null });
  expect(lab.stderr()).toMatch(/--query is set .* but --collector is not/);
});
