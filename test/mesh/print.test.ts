import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Distribution, Mesh } from '../../mesh/mesh.ts';
import { meshToJson, meshToYaml } from '../../mesh/print.ts';
import { parseMesh, readMesh } from '../../mesh/read.ts';
import { readResolvedMesh } from '../../mesh/readResolvedMesh.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-print-'));
afterAll(() => rmSync(folder, { recursive: true }));

const timeMs = fc.oneof(
  fc.double({ min: 0.001, max: 86_400_000, noNaN: true }),
  fc.integer({ min: 1, max: 100_000 }),
);
const distribution: fc.Arbitrary<Distribution> = fc.oneof(
  fc.record({ type: fc.constant('constant' as const), value: timeMs }),
  fc.record({
    type: fc.constant('lognormal' as const),
    median: timeMs,
    sigma: fc.double({ min: 0, max: 3, noNaN: true }),
  }),
  fc.record({ type: fc.constant('exponential' as const), mean: timeMs }),
);
const call = (to: string) =>
  fc.record({
    to: fc.constant(to),
    timeout: timeMs,
    retries: fc.integer({ min: 0, max: 10 }),
    backoff: fc.record({
      base: fc.oneof(fc.constant(0), timeMs),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    deadline: fc.option(timeMs),
    recheck: fc.boolean(),
  });
const simpleStep = fc.oneof(
  fc.record({ cpu: distribution }),
  fc.record({ wait: distribution }),
  fc.record({ call: call('callee') }),
);
const service = (script: Mesh['services'][string]['script'], port: number) =>
  fc.record({
    program: fc.constantFrom(
      'gateway' as const,
      'auth' as const,
      'user' as const,
      'relay' as const,
    ),
    port: fc.constant(port),
    concurrency: fc.integer({ min: 1, max: 100_000 }),
    queue: fc.option(fc.nat({ max: 100_000 })),
    script: fc.constant(script),
  });
const anyMesh: fc.Arbitrary<Mesh> = fc
  .array(
    fc.oneof(
      simpleStep,
      fc.record({ parallel: fc.array(simpleStep, { minLength: 1, maxLength: 3 }) }),
    ),
    { maxLength: 4 },
  )
  .chain((script) =>
    fc.record({
      version: fc.constant(1 as const),
      name: fc.string({ maxLength: 100, unit: 'grapheme' }).filter((name) => name.length <= 100),
      description: fc.string({ maxLength: 200 }),
      seed: fc.nat({ max: 2 ** 32 - 1 }),
      entry: fc.constant('caller'),
      services: fc.record({ caller: service(script, 8080), callee: service([], 0) }),
      pauses: fc.array(
        fc.oneof(
          fc.record({
            service: fc.constant('callee'),
            kind: fc.constantFrom('gc', 'block', '/some/where/own.ts'),
            duration: distribution,
            every: fc.oneof(
              fc.record({ type: fc.constant('fixed' as const), value: timeMs }),
              fc.record({ type: fc.constant('poisson' as const), mean: timeMs }),
            ),
            once: fc.constant(null),
            phase: fc.constantFrom('poll' as const, 'check' as const, 'timers' as const),
          }),
          fc.record({
            service: fc.constant('caller'),
            kind: fc.constant('freeze'),
            duration: distribution,
            every: fc.constant(null),
            once: fc.oneof(fc.constant(0), timeMs),
            phase: fc.constant('poll' as const),
          }),
        ),
        { maxLength: 3 },
      ),
      load: fc.record({
        rate: fc.double({ min: 0.001, max: 100_000, noNaN: true }),
        arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
        timeout: timeMs,
        maxInFlight: fc.integer({ min: 1, max: 100_000 }),
      }),
      durations: fc.record({ warmup: timeMs, baseline: timeMs, pauses: timeMs }),
    }),
  );

test('meshToYaml() and meshToJson() give back the same mesh when read', () => {
  fc.assert(
    fc.property(anyMesh, (mesh) => {
      expect(parseMesh(meshToYaml(mesh), 'printed.yaml')).toEqual(mesh);
      expect(parseMesh(meshToJson(mesh), 'printed.json')).toEqual(mesh);
    }),
    { numRuns: 200 },
  );
});

test('meshToYaml() writes every default out, short maps in one line', () => {
  const mesh = parseMesh(
    `
version: 1
services:
  a: { script: [ cpu: 0.2ms, call: { to: b } ] }
  b: { concurrency: 5, script: [ wait: { type: lognormal, median: 5ms, sigma: 0.3 } ] }
pauses: [ { service: b, duration: 120ms, every: { type: poisson, mean: 3s } } ]
`,
    'demo.yaml',
  );
  expect(meshToYaml(mesh)).toBe(`version: 1
name: demo
description: ""
seed: 1
entry: a
services:
  a:
    program: relay
    port: 0
    concurrency: null
    queue: null
    script:
      - cpu: 0.2ms
      - call:
          to: b
          timeout: 1s
          retries: 0
          backoff: { base: 25ms, factor: 2, jitter: 0.5 }
          deadline: null
          recheck: false
  b:
    program: relay
    port: 0
    concurrency: 5
    queue: null
    script:
      - wait: { type: lognormal, median: 5ms, sigma: 0.3 }
pauses:
  - service: b
    kind: gc
    duration: 120ms
    every: { type: poisson, mean: 3s }
    phase: poll
load: { rate: 100, arrivals: poisson, timeout: 2s, maxInFlight: 1000 }
durations: { warmup: 5s, baseline: 15s, pauses: 36s }
`);
});

test('readResolvedMesh() and readMesh() read what meshToJson() wrote', () => {
  const mesh = parseMesh('version: 1\nservices: { a: {} }', 'demo.yaml');
  const file = join(folder, 'mesh.json');
  writeFileSync(file, meshToJson(mesh));
  expect(readResolvedMesh(file)).toEqual(mesh);
  expect(readMesh(file)).toEqual(mesh);
});

test('readMesh() names line and path of a mistake in a resolved mesh', () => {
  const mesh = parseMesh('version: 1\nservices: { a: {} }', 'demo.yaml');
  const file = join(folder, 'wrong.json');
  writeFileSync(file, meshToJson(mesh).replace('"timeout": 2000', '"timeout": "2s"'));
  expect(() => readMesh(file)).toThrow(
    `${file}:18:16: load.timeout: must be a number of milliseconds, is "2s"`,
  );
});

test.each([
  { what: 'another version', text: '{ "version": 2, "services": {}, "seed": 1 }', version: '2' },
  { what: 'no mesh', text: '[]', version: 'undefined' },
  { what: 'null', text: 'null', version: 'undefined' },
])('readResolvedMesh() refuses $what', ({ text, version }) => {
  const file = join(folder, 'other.json');
  writeFileSync(file, text);
  expect(() => readResolvedMesh(file)).toThrow(
    `${file} is not a resolved mesh of version 1 (its version is ${version}); write one with: npm run aftershock -- mesh FILE --json`,
  );
});
