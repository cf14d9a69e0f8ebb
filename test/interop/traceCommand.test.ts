import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { chain, failing, hex, odd, recorded, retried } from '../traces/seenTraces.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

const main = fileURLToPath(new URL('../../lab/main.ts', import.meta.url));
const seen = {
  plain: chain(),
  paused: chain({ pauseMs: 120 }),
  retried: retried(3),
  failing: failing(),
  odd: odd(),
};
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.create();
  await Promise.all([stack.startJaeger(), stack.startCollector()]);
  const source = new JaegerSource(stack.queryUrl);
  for (const [name, spans] of Object.entries(seen)) {
    await fetch(`${stack.otlpUrl}/v1/traces`, {
      method: 'POST',
      body: JSON.stringify(encodeOtlpJson(recorded(name, spans))),
      headers: { 'content-type': 'application/json' },
    });
    await until('the trace to be stored', 10_000, async () => {
      const stored = await source.getTrace(hex(name, 32));
      return stored?.length === spans.length ? true : undefined;
    });
  }
});
afterAll(() => stack.stop());

async function trace(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [main, 'trace', ...args, '--source', stack.queryUrl]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).toBe('');
  return stdout;
}

test('trace lists what the real Jaeger has', async () => {
  expect(await trace('--since', '10000000m')).toContain('5 traces, 1 hit by a pause');
});

test('trace shows a trace of the real Jaeger, with the address of its page', async () => {
  const shown = await trace(hex('paused', 32));
  expect(shown).toContain(`${stack.queryUrl}/trace/${hex('paused', 32)}`);
  expect(shown).toMatch(/user +pause +120 ms/);
});

test('trace writes the same test from the real Jaeger as for the spans themselves', async () => {
  const printed = await trace(hex('odd', 32), '--as', 'test');
  expect(printed).toContain(`new JaegerSource('${stack.queryUrl}')`);
  expect(printed.match(/toHaveSpanTree/g)).toHaveLength(4);
});

test('trace compares two traces of the real Jaeger', async () => {
  expect(await trace('diff', hex('plain', 32), hex('paused', 32))).toContain(
    'B took 120 ms longer',
  );
});
