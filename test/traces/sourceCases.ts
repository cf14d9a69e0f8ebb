import { beforeAll, describe, expect, test } from 'vitest';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { span } from './span.ts';

/** A query API under test, empty at first. */
export interface QueryUnderTest {
  readonly queryUrl: string;
  /** Resolves once the spans can be found. */
  store(spans: readonly Span[]): Promise<void>;
}

const startNano = 1_760_000_000_000_000_000;
const msNano = 1_000_000;
const traceCount = 200;
const everything = {
  startUnixNano: BigInt(startNano),
  endUnixNano: BigInt(startNano + traceCount * msNano),
};

/** A trace a millisecond: a span of `client` that begins then, and one of `server` below it. */
function trace(i: number): Span[] {
  const traceId = (i + 1).toString(16).padStart(32, '0');
  const at = startNano + i * msNano;
  const resource = (name: string) => ({ attributes: { 'service.name': name } });
  const [client, server] = [2 * i + 1, 2 * i + 2].map((id) => id.toString(16).padStart(16, '0'));
  return [
    {
      ...span(client ?? '', '', at, at + 3 * msNano),
      ...{ traceId, name: 'GET /', kind: 'client', traceState: 'rojo=00f067aa0ba902b7' },
      resource: resource('client'),
    },
    {
      ...span(server ?? '', client ?? '', at + msNano, at + 2 * msNano),
      ...{ traceId, name: i % 100 === 0 ? 'odd one' : 'GET /', kind: 'server' },
      attributes: { 'http.response.status_code': 200, big: 2n ** 60n, list: ['a', 1], ü: true },
      resource: resource('server'),
    },
  ];
}

function bySpanId(spans: readonly Span[]): Span[] {
  return spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** What holds of every query API that the lab may be pointed at. */
export function testSource(name: string, start: () => Promise<QueryUnderTest>): void {
  describe(name, () => {
    let queryUrl = '';
    const stored = Array.from({ length: traceCount }, (_, i) => trace(i)).flat();

    async function search(
      change: Partial<Parameters<JaegerSource['searchTraces']>[0]>,
      tracesPerSearch: number,
    ): Promise<Span[][]> {
      const source = new JaegerSource(queryUrl, { tracesPerSearch });
      const found: Span[][] = [];
      const query = { service: 'client', ...everything, ...change };
      for await (const spans of source.searchTraces(query)) found.push(spans);
      return found;
    }

    beforeAll(async () => {
      const query = await start();
      ({ queryUrl } = query);
      expect(await new JaegerSource(queryUrl).getServices()).toEqual([]);
      // In an order that is not that of time, and some of it twice.
      const shuffled = stored.toSorted((a, b) =>
        (a.spanId.at(-1) ?? '').localeCompare(b.spanId.at(-1) ?? ''),
      );
      await query.store(shuffled);
      await query.store(stored.slice(0, 10));
    });

    test('getServices() names the services', async () => {
      const services = await new JaegerSource(queryUrl).getServices();
      expect(services.toSorted()).toEqual(['client', 'server']);
    });

    test('getTrace() gives the spans of a trace as they were stored, each once', async () => {
      const source = new JaegerSource(queryUrl);
      for (const i of [0, 1, 199]) {
        const wanted = trace(i);
        const found = await source.getTrace(wanted[0]?.traceId ?? '');
        expect(bySpanId(found ?? [])).toEqual(wanted);
      }
    });

    test('getTrace() is null where there is no such trace', async () => {
      expect(await new JaegerSource(queryUrl).getTrace('f'.repeat(32))).toBeNull();
    });

    test.each([1000, 200, 30, 2])(
      'searchTraces() gives every span once, %i traces a search',
      async (tracesPerSearch) => {
        const found = await search({}, tracesPerSearch);
        expect(bySpanId(found.flat())).toEqual(stored);
        for (const spans of found) {
          expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
        }
      },
    );

    test('searchTraces() finds by the time of the spans of the service', async () => {
      const at = (i: number) => BigInt(startNano + i * msNano);
      const window = { startUnixNano: at(100), endUnixNano: at(102) };
      const ids = (found: Span[][]) =>
        found
          .map(([span]) => Number.parseInt(span?.traceId ?? '', 16) - 1)
          .toSorted((a, b) => a - b);
      expect(ids(await search(window, 50))).toEqual([100, 101, 102]);
      // Its spans begin a millisecond after those of the client.
      expect(ids(await search({ ...window, service: 'server' }, 50))).toEqual([99, 100, 101]);
    });

    test('searchTraces() finds by the name of a span', async () => {
      const found = await search({ service: 'server', operation: 'odd one' }, 200);
      expect(found).toHaveLength(2);
    });

    test.each([
      { service: 'nobody' },
      { operation: 'GET /nowhere' },
      { startUnixNano: 0n, endUnixNano: 1000n },
    ])('searchTraces() of %o gives nothing', async (change) => {
      expect(await search(change, 200)).toEqual([]);
    });
  });
}
