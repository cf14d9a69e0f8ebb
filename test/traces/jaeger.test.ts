import { afterAll, afterEach, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
import type { Span } from '../../traces/span.ts';
import { type FakeJaeger, type FakeJaegerOptions, startFakeJaeger } from './fakeJaeger.ts';
import type { Fault } from './httpFault.ts';
import { testSource } from './sourceCases.ts';
import { span } from './span.ts';

const fakes: FakeJaeger[] = [];
const collectors: Collector[] = [];

afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.stop();
});
afterAll(async () => {
  for (const collector of collectors) await collector.stop();
});

for (const spelling of ['snake', 'camel'] as const) {
  testSource(`a Jaeger with parameters in ${spelling} case`, async () => {
    const fake = await startFakeJaeger({ spelling });
    return { queryUrl: fake.url, store: async (spans) => fake.add(spans) };
  });
}

testSource('the embedded collector', async () => {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  collectors.push(collector);
  return {
    queryUrl: collector.queryUrl,
    async store(spans) {
      const body = JSON.stringify(encodeOtlpJson(spans));
      const headers = { 'content-type': 'application/json' };
      await fetch(`${collector.otlpUrl}/v1/traces`, { method: 'POST', body, headers });
    },
  };
});

/** `count` traces of one span of `user`, a microsecond apart from 1 s on. */
function traces(count: number): Span[] {
  return Array.from({ length: count }, (_, i) => ({
    ...span((i + 1).toString(16).padStart(16, '0'), '', 1_000_000_000 + i * 1000),
    traceId: (i + 1).toString(16).padStart(32, '0'),
    resource: { attributes: { 'service.name': 'user' } },
  }));
}

async function fake(options: Partial<FakeJaegerOptions>, spans: Span[] = []): Promise<FakeJaeger> {
  const started = await startFakeJaeger(options);
  fakes.push(started);
  started.add(spans);
  return started;
}

async function searchAll(source: JaegerSource, signal?: AbortSignal): Promise<Span[]> {
  const found: Span[] = [];
  const search = { service: 'user', startUnixNano: 0n, endUnixNano: 2_000_000_000n };
  for await (const spans of source.searchTraces(search, signal)) found.push(...spans);
  return found;
}

test.each<{ what: string; options: Partial<FakeJaegerOptions>; count: number }>([
  { what: 'that may hold fewer traces than are asked for', options: { maxTraces: 9 }, count: 9 },
  { what: 'that breaks off answers of many traces', options: { cutAboveTraces: 20 }, count: 150 },
])('searchTraces() gets everything out of a Jaeger $what', async ({ options, count }) => {
  const { url } = await fake(options, traces(count));
  expect(await searchAll(new JaegerSource(url))).toHaveLength(count);
});

test('searchTraces() asks for less at once where an answer is larger than it may be', async () => {
  const { url } = await fake({}, traces(150));
  const source = new JaegerSource(url, { maxAnswerBytes: 10_000 });
  expect(await searchAll(source)).toHaveLength(150);
});

test('searchTraces() gives the later spans of a trace without those that it has given', async () => {
  const [first] = traces(1);
  if (first === undefined) throw new Error('no span');
  const { url, add } = await fake({}, traces(10));
  const source = new JaegerSource(url, { tracesPerSearch: 4 });
  const search = { service: 'user', startUnixNano: 0n, endUnixNano: 2_000_000_000n };
  const late = { ...first, spanId: 'ffffffffffffffff', startUnixNano: 1_900_000_000n };
  const found: Span[][] = [];
  for await (const spans of source.searchTraces(search)) {
    if (found.length === 0) add([late]);
    found.push(spans);
  }
  expect(found).toContainEqual([first]);
  expect(found).toContainEqual([late]);
  expect(found.flat()).toHaveLength(11);
});

const once = (fault: Fault): Partial<FakeJaegerOptions> => ({
  fault: ({ n }) => (n === 0 ? fault : null),
});
const always = (fault: Fault): Partial<FakeJaegerOptions> => ({ fault: () => fault });

test.each<Fault>([
  { kind: 'status', status: 503, body: 'starting' },
  { kind: 'status', status: 502, body: 'Bad Gateway' },
  { kind: 'status', status: 429, body: 'slow down' },
  { kind: 'reset' },
  { kind: 'cut' },
])('searchTraces() asks again after %o', async (fault) => {
  const jaeger = await fake(once(fault), traces(3));
  expect(await searchAll(new JaegerSource(jaeger.url))).toHaveLength(3);
  expect(jaeger.requests.length).toBeGreaterThanOrEqual(2);
});

test.each<{ fault: Fault; trouble: string; says: RegExp }>([
  {
    fault: { kind: 'status', status: 401, body: 'who are you?' },
    trouble: 'refused',
    says: /refuses traces of service "user" from 1970-01-01T00:00:00\.000000000Z to .* with status 401: who are you\?/,
  },
  {
    fault: { kind: 'status', status: 500, body: '{"error":{"httpCode":500,"message":"disk"}}' },
    trouble: 'refused',
    says: /status 500: disk$/,
  },
  {
    fault: { kind: 'status', status: 404, body: '404 page not found' },
    trouble: 'malformed',
    says: /not of a Jaeger query API \(v3\): it knows no such path: 404 page not found; .*16686/,
  },
  { fault: { kind: 'page' }, trouble: 'malformed', says: /it is not JSON but text\/html/ },
  { fault: { kind: 'half' }, trouble: 'truncated', says: /only the beginning of its answer/ },
  { fault: { kind: 'cut' }, trouble: 'truncated', says: /broke off its answer/ },
  { fault: { kind: 'reset' }, trouble: 'unreachable', says: /cannot be reached .*: / },
  {
    fault: { kind: 'silent' },
    trouble: 'timeout',
    says: /gave no answer within 0\.1 s while waiting for traces of service "user"/,
  },
])('searchTraces() fails with $trouble where every answer is $fault', async (row) => {
  const { url } = await fake(always(row.fault), traces(3));
  const timeoutMs = row.trouble === 'timeout' ? 100 : 10_000;
  const source = new JaegerSource(url, { timeoutMs, attempts: 1 });
  const failure = await searchAll(source).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SourceError);
  expect(failure).toMatchObject({ trouble: row.trouble, message: expect.stringMatching(row.says) });
});

test('a source that nobody listens at is unreachable, which says nothing about traces', async () => {
  const { url, stop } = await fake({});
  await stop();
  await expect(new JaegerSource(url, { attempts: 1 }).getTrace('1')).rejects.toMatchObject({
    trouble: 'unreachable',
    message: expect.stringMatching(/cannot be reached for trace 1: .*ECONNREFUSED/),
  });
});

test('more spans than the caller allows are too many', async () => {
  const { url } = await fake({}, traces(30));
  await expect(searchAll(new JaegerSource(url, { maxSpans: 29 }))).rejects.toMatchObject({
    trouble: 'tooLarge',
    message: expect.stringMatching(/more than 29 spans/),
  });
});

test('more traces at one moment than a search gives are told, not left out', async () => {
  const same = traces(10).map((one) => ({ ...one, startUnixNano: 1_000_000_000n }));
  const { url } = await fake({}, same);
  await expect(searchAll(new JaegerSource(url, { tracesPerSearch: 5 }))).rejects.toMatchObject({
    trouble: 'truncated',
    message: expect.stringMatching(/cannot be made shorter/),
  });
});

test('an abort ends a search with its reason', async () => {
  const { url } = await fake(always({ kind: 'silent' }));
  const controller = new AbortController();
  const searching = searchAll(new JaegerSource(url), controller.signal);
  controller.abort(new Error('enough'));
  await expect(searching).rejects.toThrow('enough');
});
