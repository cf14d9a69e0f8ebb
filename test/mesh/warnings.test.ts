import { expect, test } from 'vitest';
import { demandedCpu, meanTimeMs, type Overhead } from '../../mesh/demand.ts';
import { parseMesh } from '../../mesh/read.ts';
import { formatWarning, meshWarnings } from '../../mesh/warnings.ts';

const overhead: Overhead = { serveMs: 1, callMs: 2, collectMs: 0.5, loadMs: 3 };
const none: Overhead = { serveMs: 0, callMs: 0, collectMs: 0, loadMs: 0 };

function mesh(services: string, rest = '') {
  return parseMesh(`version: 1\nservices: ${services}\n${rest}`, 'demo.yaml');
}

test('demandedCpu() counts visits, work and overhead of each service', () => {
  const demand = demandedCpu(
    mesh(
      `{ a: { script: [ cpu: 4ms, call: { to: b }, parallel: [ call: { to: b }, call: { to: c }, cpu: 1ms ] ] },
         b: { concurrency: 10, script: [ wait: 20ms, call: { to: c } ] },
         c: { concurrency: 4, script: [ cpu: { type: exponential, mean: 3ms } ] },
         d: {} }`,
      'load: { rate: 10 }\npauses: [ { service: b, duration: 120ms, every: 3s }, { service: b, kind: delay, duration: 1s, every: 2s } ]',
    ),
    overhead,
  );
  // Milliseconds of one client request: a 1 + 3·2 + 5, b 2·(1 + 2), c 3·(1 + 3).
  expect(demand.services).toEqual({
    a: { visits: 1, cores: 0.12, pausedShare: 0, slotUtilization: null },
    // In a slot for 1 + 20 + 2 + (1 + 3) ms.
    b: { visits: 2, cores: 0.06, pausedShare: 0.04, slotUtilization: expect.closeTo(0.054) },
    c: { visits: 3, cores: 0.12, pausedShare: 0, slotUtilization: expect.closeTo(0.03) },
    d: { visits: 0, cores: 0, pausedShare: 0, slotUtilization: null },
  });
  expect(demand.toolCores).toBeCloseTo(0.01 * (3 + 6 * 0.5));
  expect(demand.totalCores).toBeCloseTo(0.3 + demand.toolCores);
});

test('meanTimeMs() asks each service once, however many ways lead to it', () => {
  const layers = Array.from(
    { length: 60 },
    (_, i) => `s${i}: { script: [ call: { to: s${i + 1} }, call: { to: s${i + 1} } ] }`,
  );
  const services = `{ ${layers.join(', ')}, s60: { script: [ wait: 1ms ] } }`;
  expect(meanTimeMs(mesh(services), 's0', none)).toBe(2 ** 60);
});

test('meanTimeMs() adds what follows, and takes the longest of what is parallel', () => {
  const services =
    '{ a: { script: [ cpu: 1ms, parallel: [ wait: 5ms, call: { to: b } ] ] }, b: { script: [ wait: 7ms ] } }';
  expect(meanTimeMs(mesh(services), 'a', none)).toBe(8);
  expect(meanTimeMs(mesh(services), 'a', overhead)).toBe(1 + 1 + 2 + 1 + 7);
});

test.each([
  {
    when: 'each caller waits longer than its callee',
    services:
      '{ a: { script: [ call: { to: b, timeout: 1s } ] }, b: { script: [ call: { to: c, timeout: 500ms } ] }, c: {} }',
    want: [],
  },
  {
    when: 'a caller gives up before its callee',
    services:
      '{ a: { script: [ call: { to: b, timeout: 80ms } ] }, b: { script: [ call: { to: c, timeout: 120ms } ] }, c: {} }',
    want: [
      'warning: services.a.script[0].call.timeout: a gives up after 80ms, but b allows itself 120ms for its own calls: the rest of its work is for nobody',
    ],
  },
  {
    when: 'retries and the waits between them are longer than the caller waits',
    services:
      '{ a: { script: [ call: { to: b, timeout: 300ms } ] }, b: { script: [ call: { to: c, timeout: 100ms, retries: 2, backoff: { base: 10ms, factor: 2, jitter: 0.5 } } ] }, c: {} }',
    want: [
      'warning: services.a.script[0].call.timeout: a gives up after 300ms, but b allows itself 345ms for its own calls: the rest of its work is for nobody',
    ],
  },
  {
    when: 'a deadline holds retries back',
    services:
      '{ a: { script: [ call: { to: b, timeout: 300ms } ] }, b: { script: [ call: { to: c, timeout: 100ms, retries: 2, deadline: 300ms } ] }, c: {} }',
    want: [],
  },
  {
    when: 'calls follow each other, and others run in parallel',
    services:
      '{ a: { script: [ call: { to: b, timeout: 300ms } ] }, b: { script: [ call: { to: c, timeout: 150ms }, parallel: [ call: { to: c, timeout: 150ms }, call: { to: c, timeout: 151ms } ] ] }, c: {} }',
    want: [
      'warning: services.a.script[0].call.timeout: a gives up after 300ms, but b allows itself 301ms for its own calls: the rest of its work is for nobody',
    ],
  },
  {
    when: 'the client gives up first',
    services: '{ a: { script: [ call: { to: b, timeout: 3s } ] }, b: {} }',
    want: [
      'warning: load.timeout: the client gives up after 2s, but a allows itself 3s for its own calls: the rest of its work is for nobody',
    ],
  },
  {
    when: 'nobody calls a service, or only one that nobody calls',
    services: '{ a: {}, b: { script: [ call: { to: c } ] }, c: {} }',
    want: [
      'warning: services.b: no request from a, the entry, ever comes here',
      'warning: services.c: no request from a, the entry, ever comes here',
    ],
  },
  {
    when: 'the machine has too few cores',
    services:
      '{ a: { script: [ cpu: 9ms, call: { to: b } ] }, b: { script: [ cpu: 8ms ] }, c: { script: [ call: { to: a } ] } }',
    rest: 'entry: c\nload: { rate: 100 }',
    cores: 1,
    want: [
      'warning: load.rate: 100 requests/s need about 1.70 cores (a 0.90, b 0.80, c 0.00, load and collector 0.00), the machine has 1: about 58 requests/s would fit',
    ],
  },
  {
    when: 'a thread has more to do than there is time',
    services: '{ a: { script: [ cpu: 9.7ms ] } }',
    rest: 'load: { rate: 100 }\npauses: [ { service: a, duration: 120ms, every: 3s } ]',
    want: [
      'warning: services.a: its thread would be busy for 97 % and paused for 4 % of the time, together they must stay below 100 %: its queue grows without end',
    ],
  },
  {
    when: 'slots are too few',
    services: '{ a: { concurrency: 4, script: [ wait: 50ms ] } }',
    rest: 'load: { rate: 100 }',
    want: [
      'warning: services.a.concurrency: its slots would be in use for 125 % of the time, which must stay below 100 %: its queue grows without end',
    ],
  },
  {
    when: 'retries could keep a queue full',
    services:
      '{ a: { script: [ call: { to: b, retries: 1 } ] }, b: { concurrency: 5, script: [ wait: 25ms ] } }',
    rest: 'load: { rate: 100, timeout: 10s }',
    want: [
      'warning: services.b: in use for 50 % of the time, and retries make up to 2 times its requests when all attempts fail: 100 %; an overload may outlast what caused it',
    ],
  },
  {
    when: 'retries could not',
    services:
      '{ a: { script: [ call: { to: b, retries: 1 } ] }, b: { concurrency: 6, script: [ wait: 25ms ] } }',
    rest: 'load: { rate: 100, timeout: 10s }',
    want: [],
  },
])('meshWarnings() says $want when $when', ({ services, rest, cores = 2, want }) => {
  const warnings = meshWarnings(mesh(services, rest), { cores, overhead: none });
  expect(warnings.map(formatWarning)).toEqual(want);
});
