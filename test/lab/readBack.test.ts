import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ReadBack, readBack } from '../../lab/experiment/readBack.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { type FakeJaeger, type FakeJaegerOptions, startFakeJaeger } from '../traces/fakeJaeger.ts';
import { span } from '../traces/span.ts';

const startUnixMs = Date.now();
const instanceIds = new Map([
  ['load', 'l1'],
  ['user', 'u1'],
]);
let folder: string;
let jaeger: FakeJaeger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftershock-read-back-'));
});
afterEach(async () => {
  await jaeger.stop();
  rmSync(folder, { recursive: true });
});

let lastId = 0;
function spanOf(service: string, instanceId: string, change: Partial<Span> = {}): Span {
  const id = (++lastId).toString(16);
  return {
    ...span(id.padStart(16, '0'), '', 0),
    traceId: id.padStart(32, '0'),
    startUnixNano: BigInt(startUnixMs) * 1_000_000n,
    endUnixNano: BigInt(startUnixMs + 1) * 1_000_000n,
    resource: { attributes: { 'service.name': service, 'service.instance.id': instanceId } },
    ...change,
  };
}

/** A request's trace: a root span of the load and a span of `user`. */
function request(load = 'l1', user = 'u1'): Span[] {
  const root = spanOf('load', load);
  const { traceId, spanId: parentSpanId } = root;
  return [root, spanOf('user', user, { traceId, parentSpanId })];
}

async function read(
  acknowledged: { load: number; user: number },
  options: Partial<FakeJaegerOptions>,
  spans: readonly Span[],
  attribution = false,
): Promise<ReadBack & { written: Span[] }> {
  jaeger = await startFakeJaeger(options);
  jaeger.add(spans);
  const account = (exported: number) => ({ ended: exported, exported, dropped: 0 });
  const file = join(folder, 'traces.ndjson');
  const result = await readBack({
    source: new JaegerSource(jaeger.url, { attempts: 1 }),
    attribution,
    mesh: {
      services: { user: {} },
      pauses: [
        {
          ...{ service: 'user', kind: 'block', duration: { type: 'constant', value: 50 } },
          ...{ every: { type: 'fixed', value: 500 }, once: null, phase: 'poll' },
        },
      ],
    },
    instanceIds,
    accounts: { load: account(acknowledged.load), user: account(acknowledged.user) },
    startUnixMs,
    file,
    patienceMs: 300,
  });
  const written: Span[] = [];
  for await (const batch of readTraceFile(file, ({ message }) => expect.fail(message))) {
    written.push(...batch);
  }
  return { ...result, written };
}

const pause = () => spanOf('user', 'u1', { name: 'pause block' });
const byId = (spans: readonly Span[]) => spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));

test('readBack() writes requests and pauses of this run, and nothing of another', async () => {
  const own = [...request(), ...request(), pause()];
  const others = [...request('l2', 'u2'), spanOf('user', 'u2', { name: 'pause block' })];
  const { storedByService, missing, written } = await read({ load: 2, user: 3 }, {}, [
    ...own,
    ...others,
  ]);
  expect({ storedByService, missing }).toEqual({
    storedByService: { load: 2, user: 3 },
    missing: null,
  });
  expect(byId(written)).toEqual(byId(own));
});

test.each([
  {
    attribution: true,
    asks: ['block', 'freeze', 'gc', 'starved', 'throttled', 'unknown'],
  },
  { attribution: false, asks: ['block'] },
])(
  'readBack() asks for the pauses that there may be, each once: attribution $attribution',
  async ({ attribution, asks }) => {
    const own = [...request(), spanOf('user', 'u1', { name: `pause ${asks.at(-1)}` })];
    const { missing, written } = await read({ load: 1, user: 2 }, {}, own, attribution);
    expect(missing).toBeNull();
    expect(byId(written)).toEqual(byId(own));
    const operations = jaeger.requests.flatMap(
      (url) => url.searchParams.get('query.operation_name') ?? [],
    );
    expect(operations.toSorted()).toEqual(asks.map((kind) => `pause ${kind}`));
  },
);

test('readBack() finds traces without their root span', async () => {
  const [, orphan] = request();
  if (orphan === undefined) throw new Error('no span');
  const { storedByService, missing } = await read({ load: 0, user: 1 }, {}, [orphan]);
  expect({ storedByService, missing }).toEqual({
    storedByService: { load: 0, user: 1 },
    missing: null,
  });
});

test('readBack() waits for spans that come late', async () => {
  const late = request();
  const { missing, written } = await read(
    { load: 2, user: 2 },
    {
      // The fourth answer is the first in which they are.
      fault: ({ n }) => {
        if (n === 3) jaeger.add(late);
        return null;
      },
    },
    request(),
  );
  expect(missing).toBeNull();
  expect(written).toHaveLength(4);
});

test('readBack() waits for a query API that is away for a moment', async () => {
  const away = { kind: 'status', status: 503, body: 'starting' } as const;
  const { missing, written } = await read(
    { load: 1, user: 1 },
    { fault: ({ n }) => (n < 2 ? away : null) },
    request(),
  );
  expect(missing).toBeNull();
  expect(written).toHaveLength(2);
});

test.each<{
  what: string;
  spans: () => Span[];
  options: Partial<FakeJaegerOptions>;
  says: RegExp;
}>([
  {
    what: 'spans that never come',
    spans: request,
    options: {},
    says: /^3 spans that the collector acknowledged cannot be read back \(load 1, user 2\): sampled or dropped by the collector, not stored yet, or evicted/,
  },
  {
    what: 'a collector that removes the id',
    spans: () => [...request('', ''), ...request('', '')],
    options: {},
    says: /^5 spans .*none with the service\.instance\.id of this run: the collector must not remove it/,
  },
  {
    what: 'a query API that cannot be used any more',
    spans: request,
    options: { fault: () => ({ kind: 'status', status: 500, body: 'disk full' }) },
    says: /^5 spans .*refuses traces of service .* with status 500: disk full$/,
  },
])('readBack() says what is missing with $what', async ({ spans, options, says }) => {
  const { missing } = await read({ load: 2, user: 3 }, options, spans());
  expect(missing).toMatch(says);
});
