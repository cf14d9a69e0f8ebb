import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { code, comment, literal } from '../../traces/asTest/code.ts';
import { stableName } from '../../traces/asTest/spanPatterns.ts';
import { testOf } from '../../traces/asTest/testOf.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { chain, failing, fanOut, hostile, odd, recorded, retried } from './seenTraces.ts';
import { msSpan } from './span.ts';

expect.extend(traceMatchers);

const source = { className: 'FileSource', argument: 'spans.ndjson' } as const;
const hazards = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?!\n)\p{Cc}/u;

const seen: Readonly<Record<string, Span[]>> = {
  chain: chain(),
  retries: retried(3),
  error: failing(),
  fanOut: fanOut(5),
  paused: chain({ pauseMs: 120 }),
  odd: odd(),
};

describe('literal()', () => {
  test.each(hostile)('of %j is that text and nothing more', (name) => {
    const written = literal(name);
    expect(new Function(`return ${written}`)()).toBe(name);
    expect(written).not.toMatch(hazards);
  });

  test('of any text is that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(new Function(`return ${literal(name)}`)()).toBe(name);
        expect(literal(name)).not.toMatch(hazards);
      }),
    );
  });
});

test('comment() lets nothing out of its line', () => {
  for (const name of hostile) expect(comment(name)).not.toMatch(hazards);
});

test.each([
  { value: { a: 1, 'b.c': 'd', no: undefined }, want: "{ a: 1, 'b.c': 'd' }" },
  { value: [/^a\/\d+$/, true, {}], want: '[/^a\\/\\d+$/, true, {}]' },
  { value: JSON.parse('{"__proto__":1}'), want: "{ ['__proto__']: 1 }" },
  {
    value: { name: 'x'.repeat(60), other: 'y'.repeat(60) },
    want: `{\n  name: '${'x'.repeat(60)}',\n  other: '${'y'.repeat(60)}',\n}`,
  },
])('code() of $value', ({ value, want }) => {
  expect(code(value)).toBe(want);
});

test.each([
  { name: 'GET /users/:id', want: 'GET /users/:id' },
  { name: 'GET /users/42', want: /^GET \/users\/\d+$/ },
  { name: 'GET /v2/x', want: 'GET /v2/x' },
  { name: 'job 4bf92f3577b34da6a3ce929d0e0e4736', want: /^job [\da-fA-F-]+$/ },
  { name: 'a(1)', want: 'a(1)' },
])('stableName() of $name', ({ name, want }) => {
  const stable = stableName(name);
  expect(String(stable)).toBe(String(want));
  if (stable instanceof RegExp) expect(name).toMatch(stable);
});

describe('testOf()', () => {
  test('says what was seen of a trace that a pause hit', () => {
    const trace = new Trace(recorded('paused', chain({ pauseMs: 120 })));
    expect(testOf(trace, source)).toMatchSnapshot();
  });

  test.each(Object.keys(seen))('of %s passes, as far as it has run', (name) => {
    expect(run(recorded(name, seen[name] as Span[]))).toBeGreaterThan(1);
  });

  test('of any trace is harmless code that passes', () => {
    const name = fc.oneof(
      fc.constantFrom(...hostile),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const spanOf = fc.record({
      name,
      service: name,
      parent: fc.nat({ max: 12 }),
      start: fc.nat({ max: 100 }),
      length: fc.integer({ min: -3, max: 60 }),
      kind: fc.constantFrom<Span['kind']>('client', 'server', 'internal', 'producer', 'consumer'),
      status: fc.constantFrom<Span['status']['code']>('unset', 'error', 'ok'),
      error: fc.option(name),
    });
    fc.assert(
      fc.property(fc.array(spanOf, { minLength: 1, maxLength: 12 }), (rows) => {
        const spans = rows.map(({ name, service, parent, start, length, kind, status, error }, i) =>
          msSpan(`s${i}`, parent === 12 ? '' : `s${parent}`, start, start + length, {
            name,
            service,
            kind,
            status,
            attributes: error === null ? {} : { 'error.type': error },
          }),
        );
        run(recorded('any', spans));
      }),
      { numRuns: 150 },
    );
  });

  test('of a large trace stays short', () => {
    const spans = Array.from({ length: 5_000 }, (_, i) =>
      msSpan(`s${i}`, i === 0 ? '' : `s${Math.floor((i - 1) / 3)}`, Math.floor(i / 100), 100, {
        name: `n${i % 50}x`,
      }),
    );
    const trace = new Trace(recorded('large', spans));
    expect(testOf(trace, source).split('\n').length).toBeLessThan(400);
    expect(run(recorded('large', spans))).toBeGreaterThan(1);
  });

  test('of each kind of trace passes when vitest runs it, by the names of the packages', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const folder = await mkdtemp(join(tmpdir(), 'aftershock-as-test-'));
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await symlink(root, join(modules, 'aftershock'));
    await symlink(join(root, 'node_modules', 'vitest'), join(modules, 'vitest'));
    await writeFile(
      join(folder, 'vitest.config.mjs'),
      "export default { ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } } };",
    );
    for (const [name, spans] of Object.entries(seen)) {
      const argument = join(folder, `${name}.ndjson`);
      await writeFile(argument, `${JSON.stringify(encodeOtlpJson(recorded(name, spans)))}\n`);
      const trace = new Trace(recorded(name, spans));
      await writeFile(join(folder, `${name}.test.ts`), testOf(trace, { ...source, argument }));
    }
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const results = join(folder, 'results.json');
    const child = spawn(
      process.execPath,
      [
        vitest,
        'run',
        '--root',
        folder,
        '--reporter=json',
        `--outputFile=${results}`,
        '--no-file-parallelism',
        '--pool=threads',
        '--no-isolate',
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
    );
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(`${stdout}${stderr}`).toContain('JSON report written');
    const report = JSON.parse(await readFile(results, 'utf8')) as {
      testResults: { status: string; message: string; name: string }[];
    };
    expect(report.testResults.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(report.testResults).toHaveLength(Object.keys(seen).length);
    await rm(folder, { recursive: true });
  });
});

/** Runs a test that was written, without its imports. Its assertions throw; gives how many tests ran. */
function run(spans: readonly Span[]): number {
  const file = testOf(new Trace(spans), source);
  expect(file).not.toMatch(hazards);
  const body = file
    .replace(/^import .*$/gm, '')
    .replace('await source.getTrace', 'source.getTrace');
  class FileSource {
    getTrace() {
      return spans;
    }
  }
  let tests = 0;
  const names = ['FileSource', 'Trace', 'traceMatchers', 'describe', 'expect', 'test'];
  const inner = (_: string, block: () => void) => {
    tests++;
    block();
  };
  const outer = (_: string, block: () => void) => block();
  new Function(...names, body)(FileSource, Trace, traceMatchers, outer, expect, inner);
  expect(globalThis).not.toHaveProperty('escaped');
  return tests;
}
