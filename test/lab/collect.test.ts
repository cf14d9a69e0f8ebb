import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { otlpRequest, otlpSpan, post } from '../collector/otlp.ts';

const MAIN = fileURLToPath(new URL('../../lab/main.ts', import.meta.url));

function collect(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, 'collect', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function takenPort(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as { port: number }).port };
}

test('collect says where it listens, and at Ctrl-C what it has counted', async () => {
  const child = collect('--port', '0', '--query-port', '0', '--json');
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[
    Symbol.asyncIterator
  ]();
  const { otlpUrl, queryUrl } = JSON.parse((await lines.next()).value as string);
  await post(`${otlpUrl}/v1/traces`, JSON.stringify(otlpRequest([otlpSpan()])));
  expect(await (await fetch(`${queryUrl}/api/v3/services`)).json()).toEqual({ services: ['user'] });
  child.kill('SIGINT');
  expect(JSON.parse((await lines.next()).value as string)).toMatchObject({
    acceptedByService: { user: 1 },
    heldSpans: 1,
  });
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
});

test.each([
  ['--port', ['--query-port', '0'], 1, /Port (\d+), asked for with --port \1, is taken/],
  ['--query-port', ['--port', '0'], 1, /Port (\d+), asked for with --query-port \1, is taken/],
])('collect names a port asked for with %s that is taken', async (option, rest, code, message) => {
  const { server, port } = await takenPort();
  const child = collect(option, String(port), ...rest);
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  expect([child.exitCode, text]).toEqual([code, expect.stringMatching(message)]);
  server.close();
});

test('collect refuses a memory limit that is too small, with exit code 2', async () => {
  const child = collect('--max-bytes', '1000');
  await once(child, 'close');
  expect(child.exitCode).toBe(2);
});
