import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanRequest } from '../../collector/scan.ts';
import { searchTraces, type TraceQuery } from '../../collector/search.ts';
import { MIN_STORE_BYTES, SpanStore } from '../../collector/store.ts';
import type { OtlpSpan } from '../../traces/otlp/request.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { attributes, newTraceId, otlpRequest, otlpSpan } from './otlp.ts';

const ALL: TraceQuery = {
  service: null,
  operation: null,
  startMinUnixNano: 0n,
  startMaxUnixNano: 2n ** 64n - 1n,
  durationMinNano: null,
  durationMaxNano: null,
  attributes: {},
  limit: 100,
};

function storeOf(spans: OtlpSpan[], service = 'user'): SpanStore {
  const store = new SpanStore(MIN_STORE_BYTES);
  store.add(scanRequest(otlpJsonToProtobuf(otlpRequest(spans, service)).bytes));
  return store;
}

function search(store: SpanStore, query: Partial<TraceQuery>): string[] {
  return searchTraces(store, { ...ALL, ...query }).map((key) =>
    Buffer.from(key, 'latin1').toString('hex'),
  );
}

const span = otlpSpan({
  name: 'GET /users/:id',
  kind: 2,
  status: { code: 2 },
  startTimeUnixNano: '1760000000000000005',
  endTimeUnixNano: '1760000000025000005',
  attributes: [
    ...attributes({ text: 'naïve', int: 200, negative: -3, yes: true, pi: 3.25, empty: '' }),
    { key: 'big', value: { intValue: '9007199254740993' } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
  ],
  events: [
    { timeUnixNano: '1', name: 'exception', attributes: attributes({ 'exception.type': 'E' }) },
  ],
  links: [
    { traceId: newTraceId(), spanId: 'aaaaaaaaaaaaaaaa', attributes: attributes({ why: 'pause' }) },
  ],
});

describe('searchTraces()', () => {
  test.each<[string, Partial<TraceQuery>, boolean]>([
    ['nothing asked', {}, true],
    ['its service', { service: 'user' }, true],
    ['another service', { service: 'use' }, false],
    ['its operation', { operation: 'GET /users/:id' }, true],
    ['another operation', { operation: 'GET /users' }, false],
    [
      'a start to the nanosecond',
      { startMinUnixNano: 1760000000000000005n, startMaxUnixNano: 1760000000000000005n },
      true,
    ],
    ['a start a nanosecond later', { startMinUnixNano: 1760000000000000006n }, false],
    ['a start a nanosecond earlier', { startMaxUnixNano: 1760000000000000004n }, false],
    ['exactly its duration', { durationMinNano: 25_000_000, durationMaxNano: 25_000_000 }, true],
    ['a longer duration', { durationMinNano: 25_000_001 }, false],
    ['a shorter duration', { durationMaxNano: 24_999_999 }, false],
    ['text beyond ASCII', { attributes: { text: 'naïve' } }, true],
    ['other text', { attributes: { text: 'naive' } }, false],
    ['an integer', { attributes: { int: '200' } }, true],
    ['a negative integer', { attributes: { negative: '-3' } }, true],
    ['an integer beyond 2^53', { attributes: { big: '9007199254740993' } }, true],
    ['its neighbour', { attributes: { big: '9007199254740992' } }, false],
    ['a boolean', { attributes: { yes: 'true' } }, true],
    ['a double', { attributes: { pi: '3.25' } }, true],
    ['an empty text', { attributes: { empty: '' } }, true],
    ['a list', { attributes: { list: '["a","1"]' } }, true],
    ['a key that is missing', { attributes: { missing: '' } }, false],
    ['two attributes', { attributes: { int: '200', yes: 'true' } }, true],
    ['two, of which one fits', { attributes: { int: '200', yes: 'false' } }, false],
    ['an attribute of an event', { attributes: { 'exception.type': 'E' } }, true],
    ['an attribute of a link', { attributes: { why: 'pause' } }, true],
    ['an attribute of the resource', { attributes: { 'service.name': 'user' } }, true],
    ['the resource by prefix', { attributes: { 'resource.service.name': 'user' } }, true],
    ['the resource, for what the span has', { attributes: { 'resource.int': '200' } }, false],
    ['errors', { attributes: { error: 'true' } }, true],
    ['what is no error', { attributes: { error: 'false' } }, false],
    ['its kind', { attributes: { 'span.kind': 'server' } }, true],
    ['another kind', { attributes: { 'span.kind': 'client' } }, false],
    ['its status', { attributes: { 'span.status': 'ERROR' } }, true],
    ['another status', { attributes: { 'span.status': 'OK' } }, false],
    ['its scope', { attributes: { 'scope.name': 'test', 'scope.version': '1.0.0' } }, true],
    ['another scope', { attributes: { 'scope.name': 'tests' } }, false],
  ])('for %s: %o', (_, query, isFound) => {
    const other = otlpSpan({
      name: 'other',
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
      attributes: [],
    });
    const store = storeOf([span]);
    store.add(scanRequest(otlpJsonToProtobuf(otlpRequest([other], 'other')).bytes));
    expect(search(store, query).includes(span.traceId as string)).toBe(isFound);
  });

  test('wants all that is asked of one and the same span', () => {
    const traceId = newTraceId();
    const store = storeOf([
      otlpSpan({ traceId, name: 'a', attributes: attributes({ x: 1 }) }),
      otlpSpan({ traceId, name: 'b', attributes: attributes({ x: 2 }) }),
    ]);
    expect(search(store, { operation: 'a', attributes: { x: '1' } })).toEqual([traceId]);
    expect(search(store, { operation: 'a', attributes: { x: '2' } })).toEqual([]);
  });

  test('gives each trace once, the latest first, and no more than asked', () => {
    const traceIds = Array.from({ length: 5 }, newTraceId);
    const store = storeOf(
      traceIds.flatMap((traceId) => [otlpSpan({ traceId }), otlpSpan({ traceId })]),
    );
    expect(search(store, {})).toEqual(traceIds.toReversed());
    expect(search(store, { limit: 2 })).toEqual(traceIds.toReversed().slice(0, 2));
  });

  test('does not give what has been evicted', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const large = attributes({ large: 'x'.repeat(100_000) });
    for (let i = 0; i < 150; i++) {
      const request = otlpRequest([otlpSpan({ attributes: large })]);
      store.add(scanRequest(otlpJsonToProtobuf(request).bytes));
    }
    expect(search(store, { limit: 1000 })).toHaveLength(store.stats().heldTraces);
  });

  test('finds by an attribute what looking at every span finds', () => {
    const key = fc.constantFrom('a', 'b', 'ab', '');
    const value = fc.oneof(
      fc.constantFrom('1', 'true', 'ab', ''),
      fc.integer({ min: 0, max: 2 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(key, value, { maxKeys: 3 }), { minLength: 1, maxLength: 20 }),
        key,
        fc.constantFrom('0', '1', 'true', 'ab', ''),
        (all, wantedKey, wanted) => {
          const spans = all.map((values) => otlpSpan({ attributes: attributes(values) }));
          const expected = spans.filter((_, i) => {
            const values = all[i] ?? {};
            return Object.hasOwn(values, wantedKey) && String(values[wantedKey]) === wanted;
          });
          expect(
            search(storeOf(spans), { attributes: { [wantedKey]: wanted } }).toReversed(),
          ).toEqual(expected.map(({ traceId }) => traceId));
        },
      ),
    );
  });
});
