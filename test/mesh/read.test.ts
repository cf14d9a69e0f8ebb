import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Mesh } from '../../mesh/mesh.ts';
import { MeshError } from '../../mesh/mistakes.ts';
import { checkMesh, maxMeshBytes, parseMesh, readMesh } from '../../mesh/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-mesh-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is wrong with the text: `line:column path: message` each. */
function mistakesOf(text: string, file = 'f.yaml'): string[] {
  try {
    parseMesh(text, file);
    return [];
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return error.message.split('\n').map((line) => line.replace(`${file}:`, ''));
  }
}

const minimal = 'version: 1\nservices: { a: {} }\n';

test('parseMesh() fills in every default', () => {
  expect(
    parseMesh(
      `
version: 1
services:
  first: { script: [ { call: { to: user } } ] }
  user: {}
pauses: [ { service: user, duration: 120ms, every: 3s } ]
`,
      'some/folder/demo.yaml',
    ),
  ).toEqual({
    version: 1,
    name: 'demo',
    description: '',
    seed: 1,
    entry: 'first',
    services: {
      first: {
        program: 'relay',
        port: 0,
        concurrency: null,
        queue: null,
        script: [
          {
            call: {
              to: 'user',
              timeout: 1000,
              retries: 0,
              backoff: { base: 25, factor: 2, jitter: 0.5 },
              deadline: null,
              recheck: false,
            },
          },
        ],
      },
      user: { program: 'user', port: 0, concurrency: null, queue: null, script: [] },
    },
    pauses: [
      {
        service: 'user',
        kind: 'gc',
        duration: { type: 'constant', value: 120 },
        every: { type: 'fixed', value: 3000 },
        once: null,
        phase: 'poll',
      },
    ],
    load: { rate: 100, arrivals: 'poisson', timeout: 2000, maxInFlight: 1000 },
    durations: { warmup: 5000, baseline: 15_000, pauses: 36_000 },
  } satisfies Mesh);
});

test.each([
  { written: '5ms', want: { type: 'constant', value: 5 } },
  { written: '{ type: constant, value: 0ms }', want: { type: 'constant', value: 0 } },
  {
    written: '{ type: lognormal, median: 5ms, sigma: 0.3 }',
    want: { type: 'lognormal', median: 5, sigma: 0.3 },
  },
  { written: '{ type: exponential, mean: 1s }', want: { type: 'exponential', mean: 1000 } },
])('parseMesh() reads the distribution $written', ({ written, want }) => {
  const { services } = parseMesh(
    `version: 1\nservices: { a: { script: [ wait: ${written} ] } }`,
    '',
  );
  expect(services.a?.script).toEqual([{ wait: want }]);
});

test.each([
  { written: 'every: 3s', every: { type: 'fixed', value: 3000 }, once: null },
  {
    written: 'every: { type: fixed, value: 3s }',
    every: { type: 'fixed', value: 3000 },
    once: null,
  },
  {
    written: 'every: { type: poisson, mean: 3s }',
    every: { type: 'poisson', mean: 3000 },
    once: null,
  },
  { written: 'once: 0ms', every: null, once: 0 },
  { written: 'once: 10s, every: null', every: null, once: 10_000 },
])('parseMesh() reads a pause with $written', ({ written, every, once }) => {
  const { pauses } = parseMesh(
    `${minimal}pauses: [ { service: a, duration: 1ms, ${written} } ]`,
    '',
  );
  expect(pauses[0]).toMatchObject({ every, once });
});

test('parseMesh() follows anchors, and places mistakes where the anchor is', () => {
  const text = `version: 1
services:
  a: &a { script: [ wait: 5ms ] }
  b: *a
`;
  expect(parseMesh(text, '').services.b?.script).toEqual(parseMesh(text, '').services.a?.script);
  expect(mistakesOf(text.replace('5ms', '5'))).toEqual([
    expect.stringMatching(/^3:27: services\.a\.script\[0\]\.wait: must be a length of time/),
    expect.stringMatching(/^3:27: services\.b\.script\[0\]\.wait: must be a length of time/),
  ]);
});

test('parseMesh() makes the path of a pause module absolute, from the file on', () => {
  const pause = 'pauses: [ { service: a, kind: ./my-pause.ts, duration: 1ms, once: 1s } ]';
  const { pauses } = parseMesh(minimal + pause, 'meshes/own.yaml');
  expect(pauses[0]?.kind).toBe(resolve('meshes/my-pause.ts'));
});

const distribution =
  'must be a length of time such as 5ms, or a map: {type: lognormal, median: 5ms, sigma: 0.3}, {type: exponential, mean: 5ms} or {type: constant, value: 5ms}';
const rootKeys = 'version, name, description, seed, entry, services, pauses, load, durations';
const nameRule = 'lower-case letters, digits and "-", a letter first, at most 63';

/** Lines after `version: 1`, so that the first of them is line 2. */
test.each([
  // Keys and types
  {
    yaml: 'services: { a: {} }\nlod: {}',
    mistakes: [`3:1: lod: unknown key "lod"; did you mean "load"? (valid: ${rootKeys})`],
  },
  {
    yaml: 'services: { a: {} }\nqwertyuiop: 1',
    mistakes: [`3:1: qwertyuiop: unknown key "qwertyuiop"; valid: ${rootKeys}`],
  },
  {
    yaml: 'services: { a: { scrip: [] } }',
    mistakes: [
      '2:18: services.a.scrip: unknown key "scrip"; did you mean "script"? (valid: program, port, concurrency, queue, script)',
    ],
  },
  {
    yaml: 'services: { a: }',
    mistakes: [
      '2:13: services.a: must be a map with the keys program, port, concurrency, queue, script, is null',
    ],
  },
  {
    yaml: 'name: [x]\nservices: { a: {} }',
    mistakes: ['2:1: name: must be a text of at most 100 characters, is a list'],
  },
  {
    yaml: 'services: { a: {} }\nload: { rate: fast }',
    mistakes: ['3:15: load.rate: must be a number from 0.001 to 100000, is "fast"'],
  },
  {
    yaml: 'services: { a: {} }\nload: { rate: 0 }',
    mistakes: ['3:15: load.rate: must be a number from 0.001 to 100000, is 0'],
  },
  {
    yaml: 'services: { a: {} }\nload: { rate: .nan }',
    mistakes: ['3:15: load.rate: must be a number from 0.001 to 100000, is NaN'],
  },
  {
    yaml: 'services: { a: {} }\nload: { rate: .inf }',
    mistakes: ['3:15: load.rate: must be a number from 0.001 to 100000, is Infinity'],
  },
  {
    yaml: 'services: { a: {} }\nseed: -1',
    mistakes: ['3:7: seed: must be a whole number from 0 to 4294967295, is -1'],
  },
  {
    yaml: 'services: { a: { port: 70000 } }',
    mistakes: ['2:24: services.a.port: must be a whole number from 0 to 65535, is 70000'],
  },
  {
    yaml: 'services: { a: { concurrency: 0 } }',
    mistakes: ['2:31: services.a.concurrency: must be a whole number from 1 to 100000, is 0'],
  },
  {
    yaml: 'services: { a: { concurrency: 1.5 } }',
    mistakes: ['2:31: services.a.concurrency: must be a whole number from 1 to 100000, is 1.5'],
  },
  {
    yaml: 'services: { a: { program: users } }',
    mistakes: [
      '2:27: services.a.program: unknown value "users"; did you mean "user"? (valid: gateway, auth, user, relay)',
    ],
  },
  {
    yaml: 'services: { a: {} }\nload: { arrivals: 3 }',
    mistakes: ['3:19: load.arrivals: must be one of constant, poisson, is 3'],
  },
  {
    yaml: 'services: { B: {} }',
    mistakes: [`2:13: services.B: must be a service name: ${nameRule}, is "B"`],
  },
  // Lengths of time
  {
    yaml: 'services: { a: {} }\nload: { timeout: 120 }',
    mistakes: [
      '3:18: load.timeout: must be a number with a unit, such as 120ms, 1.5s or 2m, is 120; for milliseconds write 120ms',
    ],
  },
  {
    yaml: 'services: { a: {} }\nload: { timeout: 2 s }',
    mistakes: [
      '3:18: load.timeout: must be a number with a unit, such as 120ms, 1.5s or 2m, is "2 s"',
    ],
  },
  {
    yaml: 'services: { a: {} }\nload: { timeout: -2s }',
    mistakes: [
      '3:18: load.timeout: must be a number with a unit, such as 120ms, 1.5s or 2m, is "-2s"',
    ],
  },
  {
    yaml: 'services: { a: {} }\nload: { timeout: 0ms }',
    mistakes: ['3:18: load.timeout: must be from 0.001ms to 1440m, is 0ms'],
  },
  {
    yaml: 'services: { a: {} }\ndurations: { warmup: 1441m }',
    mistakes: ['3:22: durations.warmup: must be 0ms, or from 0.001ms to 1440m, is 1441m'],
  },
  {
    yaml: 'services: { a: { script: [ cpu: 5 ] } }',
    mistakes: [`2:33: services.a.script[0].cpu: ${distribution}, is 5`],
  },
  {
    yaml: 'services: { a: { script: [ cpu: { type: gaussian, mean: 5ms } ] } }',
    mistakes: [
      '2:41: services.a.script[0].cpu.type: must be one of constant, lognormal, exponential, is "gaussian"',
    ],
  },
  {
    yaml: 'services: { a: { script: [ cpu: { median: 5ms } ] } }',
    mistakes: [
      '2:28: services.a.script[0].cpu.type: is missing: must be one of constant, lognormal, exponential',
    ],
  },
  {
    yaml: 'services: { a: { script: [ cpu: { type: lognormal, median: 5ms, sigm: 0.3 } ] } }',
    mistakes: [
      '2:28: services.a.script[0].cpu.sigma: is missing: must be a number from 0 to 3',
      '2:65: services.a.script[0].cpu.sigm: unknown key "sigm"; did you mean "sigma"? (valid: type, median, sigma)',
    ],
  },
  // Steps
  {
    yaml: 'services: { a: { script: [ cal: { to: b } ] } }',
    mistakes: [
      '2:28: services.a.script[0]: unknown step "cal"; did you mean "call"? (valid: cpu, wait, call, parallel)',
    ],
  },
  {
    yaml: 'services: { a: { script: [ { cpu: 1ms, wait: 1ms } ] } }',
    mistakes: [
      '2:28: services.a.script[0]: must be a map with exactly one of the keys cpu, wait, call, parallel, is a map with cpu, wait',
    ],
  },
  {
    yaml: 'services: { a: { script: [ cpu ] } }',
    mistakes: [
      '2:28: services.a.script[0]: must be a map with exactly one of the keys cpu, wait, call, parallel, is "cpu"',
    ],
  },
  {
    yaml: 'services: { a: { script: [ parallel: [] ] } }',
    mistakes: [
      '2:28: services.a.script[0].parallel: must be a list of at least 1 step, is an empty list',
    ],
  },
  {
    yaml: 'services: { a: { script: [ parallel: [ parallel: [ wait: 1ms ] ] ] } }',
    mistakes: [
      '2:40: services.a.script[0].parallel[0]: is a parallel in a parallel; write its steps in the outer one',
    ],
  },
  {
    yaml: `services: { a: { script: [ ${'wait: 1ms, '.repeat(101)} ] } }`,
    mistakes: ['2:18: services.a.script: must be a list of steps, at most 100, is a list'],
  },
  // Calls
  {
    yaml: 'services: { a: { script: [ call: { timeout: 1s } ] } }',
    mistakes: [
      `2:28: services.a.script[0].call.to: is missing: must be the name of a service: ${nameRule}`,
    ],
  },
  {
    yaml: 'services: { auth: { script: [ call: { to: usr } ] }, user: {} }',
    mistakes: [
      '2:43: services.auth.script[0].call.to: there is no service "usr"; did you mean "user"? (valid: auth, user)',
    ],
  },
  {
    yaml: 'services: { a: { script: [ parallel: [ wait: 1ms, call: { to: z } ] ] } }',
    mistakes: [
      '2:63: services.a.script[0].parallel[1].call.to: there is no service "z"; did you mean "a"? (valid: a)',
    ],
  },
  {
    yaml: 'services: { a: { script: [ call: { to: b, timout: 1s } ] }, b: {} }',
    mistakes: [
      '2:43: services.a.script[0].call.timout: unknown key "timout"; did you mean "timeout"? (valid: to, timeout, retries, backoff, deadline, recheck)',
    ],
  },
  {
    yaml: 'services: { a: { script: [ call: { to: b, retries: 11 } ] }, b: {} }',
    mistakes: [
      '2:52: services.a.script[0].call.retries: must be a whole number from 0 to 10, is 11',
    ],
  },
  {
    yaml: 'services: { a: { script: [ call: { to: b, backoff: { factor: 0.5, jitter: 2 } } ] }, b: {} }',
    mistakes: [
      '2:62: services.a.script[0].call.backoff.factor: must be a number from 1 to 10, is 0.5',
      '2:75: services.a.script[0].call.backoff.jitter: must be a number from 0 to 1, is 2',
    ],
  },
  {
    yaml: 'services: { a: { script: [ call: { to: a } ] } }',
    mistakes: [
      '2:40: services.a.script[0].call.to: calls go in a circle: a → a; take one of them out',
    ],
  },
  {
    yaml: 'services:\n  a: { script: [ call: { to: b } ] }\n  b: { script: [ wait: 1ms, parallel: [ call: { to: c } ] ] }\n  c: { script: [ call: { to: a } ] }',
    mistakes: [
      '5:30: services.c.script[0].call.to: calls go in a circle: a → b → c → a; take one of them out',
    ],
  },
  {
    yaml: 'services: { a: { script: [ call: { to: b }, call: { to: c } ] }, b: { script: [ call: { to: c } ] }, c: {} }',
    mistakes: [],
  },
  // Between the parts
  {
    yaml: 'entry: gatewy\nservices: { gateway: {} }',
    mistakes: [
      '2:8: entry: there is no service "gatewy"; did you mean "gateway"? (valid: gateway)',
    ],
  },
  { yaml: 'services: {}', mistakes: ['2:1: services: has no service; a mesh needs at least one'] },
  {
    yaml: 'services: { a: { port: 8080 }, b: { port: 8080 }, c: { port: 0 }, d: { port: 0 } }',
    mistakes: [
      '2:43: services.b.port: port 8080 is taken by a; choose another, or 0 for any free one',
    ],
  },
  {
    yaml: 'services: { a: { queue: 5 } }',
    mistakes: [
      '2:25: services.a.queue: needs concurrency: without a limit on requests worked on, none ever waits',
    ],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: b, duration: 1ms, every: 3s } ]',
    mistakes: ['3:22: pauses[0].service: there is no service "b"; did you mean "a"? (valid: a)'],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms } ]',
    mistakes: [
      '3:11: pauses[0]: needs every or once: when does it pause? (every: 3s, or once: 10s)',
    ],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms, every: 3s, once: 1s } ]',
    mistakes: ['3:11: pauses[0]: has both every and once; keep one'],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, every: 3s } ]',
    mistakes: [`3:11: pauses[0].duration: is missing: ${distribution}`],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms, every: { type: poison, mean: 3s } } ]',
    mistakes: ['3:55: pauses[0].every.type: must be one of fixed, poisson, is "poison"'],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms, every: 0s } ]',
    mistakes: ['3:47: pauses[0].every: must be from 0.001ms to 1440m, is 0s'],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms, every: 3s, kind: gcc } ]',
    mistakes: [
      '3:57: pauses[0].kind: unknown kind "gcc"; did you mean "gc"? (valid: gc, block, freeze, delay), or a path to a module such as ./my-pause.ts',
    ],
  },
  {
    yaml: 'services: { a: {} }\npauses: [ { service: a, duration: 1ms, every: 3s, phase: pol } ]',
    mistakes: [
      '3:58: pauses[0].phase: unknown value "pol"; did you mean "poll"? (valid: poll, check, timers)',
    ],
  },
  // Names that JavaScript treats in its own way
  {
    yaml: 'services: { a: {}, __proto__: {} }',
    mistakes: [
      '2:20: services.__proto__: is no name for a service: JavaScript keeps it for itself',
    ],
  },
  {
    yaml: 'services: { a: { __proto__: {} } }',
    mistakes: [
      '2:18: services.a.__proto__: unknown key "__proto__"; valid: program, port, concurrency, queue, script',
    ],
  },
  { yaml: 'services: { constructor: {} }', mistakes: [] },
  // YAML
  {
    yaml: 'services: { a: {} }\nseed: 1\nseed: 2',
    mistakes: ['4:1: seed: is given twice; keep one'],
  },
  {
    yaml: 'services:\n  a: { port: 1, port: 2 }\n  a: {}',
    mistakes: [
      '3:17: services.a.port: is given twice; keep one',
      '4:3: services.a: is given twice; keep one',
    ],
  },
  {
    yaml: 'services: { a: {',
    mistakes: [
      '3:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ],
  },
  {
    yaml: 'services: *a',
    mistakes: ['2:11: not valid YAML: there is no anchor &a before the alias *a'],
  },
  {
    yaml: 'services: { a: &base {}, b: *bas,\n c: *c }',
    mistakes: [
      '2:29: not valid YAML: there is no anchor &bas before the alias *bas; did you mean "base"? (valid: base)',
      '3:5: not valid YAML: there is no anchor &c before the alias *c; valid: base',
    ],
  },
  { yaml: 'services: !secret x', mistakes: ['2:11: not valid YAML: Unresolved tag: !secret'] },
  {
    yaml: 'services: { a: {} }\n? [x]\n: 1',
    mistakes: ['3:3: not valid YAML: Keys must be plain text'],
  },
  {
    yaml: 'services: { a: {} }\n---\nversion: 1',
    mistakes: ['3:1: not valid YAML: A mesh file is one document; --- begins another'],
  },
])('parseMesh() says $mistakes of $yaml', ({ yaml, mistakes }) => {
  expect(mistakesOf(`version: 1\n${yaml}\n`)).toEqual(mistakes);
});

test.each([
  { text: '', mistakes: [`1:1: must be a map with the keys ${rootKeys}, is null`] },
  { text: '[]', mistakes: [`1:1: must be a map with the keys ${rootKeys}, is an empty list`] },
  {
    text: 'services: { a: {} }',
    mistakes: ['1:1: version: is missing: must be 1, the version that this program reads'],
  },
  {
    text: 'version: 2\nservices: { a: {} }',
    mistakes: ['1:10: version: unknown version 2; this program reads version 1'],
  },
  { text: 'version: 1', mistakes: ['1:1: services: is missing: must be a map of services'] },
])('parseMesh() says $mistakes of $text', ({ text, mistakes }) => {
  expect(mistakesOf(text)).toEqual(mistakes);
});

test('parseMesh() gives all mistakes at once, in the order of the file, as data and as text', () => {
  const text = 'version: 1\nlod: {}\nentry: b\nservices: { a: { port: x } }\nload: { rate: -1 }\n';
  try {
    parseMesh(text, 'f.yaml');
    expect.unreachable();
  } catch (error) {
    const { mistakes, message } = error as MeshError;
    expect(mistakes.map(({ line, path }) => [line, path])).toEqual([
      [2, 'lod'],
      [3, 'entry'],
      [4, 'services.a.port'],
      [5, 'load.rate'],
    ]);
    expect(message.split('\n')).toHaveLength(4);
    expect(message).toContain('f.yaml:3:8: entry: there is no service "b"');
  }
});

test('parseMesh() lists at most a screenful', () => {
  const pauses = '{}, '.repeat(60);
  const lines = mistakesOf(`${minimal}pauses: [ ${pauses} ]`);
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('… and 130 more');
});

test('parseMesh() places the mistakes of a long file one by one', () => {
  const keys = Array.from({ length: 40_000 }, (_, i) => `k${i}: 1`);
  const lines = mistakesOf(minimal + keys.join('\n'));
  expect(lines[0]).toMatch(/^3:1: k0: unknown key/);
  expect(lines.at(-1)).toBe('… and 39950 more');
});

test.each([
  {
    when: 'aliases of aliases',
    text: 'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]',
  },
  { when: 'an alias of itself', text: '&a [ *a ]' },
  { when: 'brackets without end', text: '['.repeat(100_000) },
  { when: 'lists without end', text: '- '.repeat(100_000) },
  {
    when: 'deep maps',
    text: Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  },
  { when: 'zero bytes', text: '\0'.repeat(1000) },
])('parseMesh() refuses $when', ({ text }) => {
  expect(() => parseMesh(text, 'f.yaml')).toThrow(MeshError);
});

test('readMesh() refuses a file that is not there, too large, or no text', () => {
  const missing = join(folder, 'missing.yaml');
  expect(() => readMesh(missing)).toThrow(`${missing}: cannot be read: ENOENT`);
  const large = join(folder, 'large.yaml');
  writeFileSync(large, '#'.repeat(maxMeshBytes + 1));
  expect(() => readMesh(large)).toThrow(
    `${large}: has ${maxMeshBytes + 1} bytes; a mesh file may have ${maxMeshBytes}`,
  );
  expect(() => readMesh('/dev/zero')).toThrow(
    `/dev/zero: has ${maxMeshBytes + 1} bytes; a mesh file may have ${maxMeshBytes}`,
  );
  const binary = join(folder, 'binary.yaml');
  writeFileSync(binary, Buffer.from([0x76, 0xff, 0xfe]));
  expect(() => readMesh(binary)).toThrow(`${binary}: is not UTF-8 text`);
});

test('checkMesh() checks a mesh put together in memory, without lines', () => {
  const mesh = parseMesh(minimal, 'demo.yaml');
  expect(checkMesh(mesh, 'the options')).toEqual(mesh);
  const wrong = { ...mesh, entry: 'b', load: { ...mesh.load, rate: -1, timeout: 0 } };
  expect(() => checkMesh(wrong, 'the options')).toThrow(
    new MeshError(
      [
        ['load.rate', 'must be a number from 0.001 to 100000, is -1'],
        ['load.timeout', 'must be from 0.001ms to 1440m, is 0ms'],
        ['entry', 'there is no service "b"; did you mean "a"? (valid: a)'],
      ].map(([path = '', message = '']) => ({
        file: 'the options',
        line: null,
        column: null,
        path,
        message,
      })),
    ).message,
  );
});
