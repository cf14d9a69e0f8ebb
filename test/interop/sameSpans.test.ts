import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Result } from '../../lab/analysis/analysis.ts';
import { type LabProcess, startLab } from '../lab/fixtures/lab.ts';
import { type CanonicalRun, type CanonicalSpan, canonicalRun } from './canonicalRun.ts';
import { Stack } from './tools/stack.ts';

const mesh = fileURLToPath(new URL('fixtures/sameSpans.yaml', import.meta.url));
const labs: LabProcess[] = [];
let stack: Stack;
let embedded: { run: CanonicalRun; result: Result };
let real: { run: CanonicalRun; result: Result };

async function experiment(...args: string[]): Promise<{ run: CanonicalRun; result: Result }> {
  const lab = startLab(['run', '--mesh', mesh, '--seed', '7', '--json', ...args]);
  labs.push(lab);
  const { code } = await lab.exit;
  expect(code, lab.stderr()).toBe(0);
  return {
    run: await canonicalRun(join(lab.out, 'latest', 'traces.ndjson')),
    result: lab.result(),
  };
}

beforeAll(async () => {
  stack = await Stack.create();
  await Promise.all([stack.startJaeger(), stack.startCollector()]);
  // One after the other: they share the machine's cores.
  embedded = await experiment();
  real = await experiment('--collector', stack.otlpUrl, '--query', stack.queryUrl);
});

afterAll(async () => {
  await stack?.stop();
  for (const { out } of labs) rmSync(out, { recursive: true, force: true });
});

function names(spans: readonly CanonicalSpan[]): string[] {
  return spans.flatMap((span) => [
    `${span.resource['service.name']} ${span.kind} ${span.name}`,
    ...names(span.children),
  ]);
}

test('the experiment makes the spans that it is about', () => {
  expect(embedded.run.requests).toHaveLength(60);
  expect(names(embedded.run.requests[0] ?? []).toSorted()).toEqual([
    'audit server GET /relay/:id',
    'auth client GET /relay/:id',
    'auth client GET /users/:id',
    'auth server GET /users/:id',
    'gateway client GET /users/:id',
    'gateway server GET /users/:id',
    'load client GET /users/{id}',
    'user client SELECT users',
    'user server GET /users/:id',
  ]);
  expect(names(embedded.run.pauses)).toEqual([
    'auth internal pause block',
    'user internal pause block',
  ]);
  expect(JSON.stringify(embedded.run.requests)).toMatch(/"traceState":"aftershock=h:3;t:<µs>"/);
});

test('the real collector and Jaeger give the same spans as the embedded collector', () => {
  expect(real.run.requests).toHaveLength(embedded.run.requests.length);
  for (const [i, spans] of embedded.run.requests.entries()) {
    expect(real.run.requests[i], `request ${i}`).toEqual(spans);
  }
  expect(real.run.pauses).toEqual(embedded.run.pauses);
});

test.each(['embedded', 'real'] as const)('%s: every span that ended is stored, once', (which) => {
  const { run, result } = which === 'embedded' ? embedded : real;
  expect(run.duplicates).toBe(0);
  expect(result.run.failures).toEqual([]);
  expect(Object.keys(result.run.spans).toSorted()).toEqual([
    'audit',
    'auth',
    'gateway',
    'load',
    'user',
  ]);
  for (const row of result.analysis.spans) {
    expect(row).toMatchObject({ stored: row.ended, dropped: 0, lost: 0, twice: 0 });
  }
});
