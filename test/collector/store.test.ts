import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTrace } from '../../collector/readTrace.ts';
import { scanRequest } from '../../collector/scan.ts';
import { MIN_STORE_BYTES, SpanStore } from '../../collector/store.ts';
import type { OtlpSpan } from '../../traces/otlp/request.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { attributes, newTraceId, otlpRequest, otlpSpan } from './otlp.ts';

function add(store: SpanStore, spans: OtlpSpan[], service?: string): void {
  store.add(scanRequest(otlpJsonToProtobuf(otlpRequest(spans, service)).bytes));
}

function keyOf(traceId: string): string {
  return Buffer.from(traceId, 'hex').toString('latin1');
}

function spanIds(store: SpanStore, traceId: string): (string | undefined)[] {
  return readTrace(store, keyOf(traceId)).flatMap(({ scopeSpans }) =>
    (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map(({ spanId }) => spanId)),
  );
}

/** A span of about 100 kB. */
function largeSpan(span: OtlpSpan = {}): OtlpSpan {
  return otlpSpan({ ...span, attributes: attributes({ large: 'x'.repeat(100_000) }) });
}

describe('SpanStore', () => {
  test('gives a trace back whole, with resource, scope and every field', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const traceId = newTraceId();
    const span = otlpSpan({
      traceId,
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'rojo=00f067aa0ba902b7',
      flags: 257,
      droppedAttributesCount: 3,
      events: [
        { timeUnixNano: '1760000000000000001', name: 'e', attributes: attributes({ a: 1.5 }) },
      ],
      links: [{ traceId: newTraceId(), spanId: 'aaaaaaaaaaaaaaaa', flags: 1 }],
      status: { message: 'no', code: 2 },
      attributes: [
        { key: 'big', value: { intValue: '-9223372036854775808' } },
        { key: 'bytes', value: { bytesValue: 'AAH/' } },
        { key: 'list', value: { arrayValue: { values: [{ boolValue: false }, {}] } } },
        {
          key: 'map',
          value: { kvlistValue: { values: [{ key: 'k', value: { doubleValue: 'NaN' } }] } },
        },
      ],
    });
    const [resourceSpans] = otlpRequest([span]).resourceSpans ?? [];
    const request = { resourceSpans: [{ ...resourceSpans, schemaUrl: 'https://example/1' }] };
    store.add(scanRequest(otlpJsonToProtobuf(request).bytes));
    const [read] = readTrace(store, keyOf(traceId));
    expect(read?.schemaUrl).toBe('https://example/1');
    expect(read?.scopeSpans?.[0]?.scope).toEqual({ name: 'test', version: '1.0.0' });
    expect(read?.scopeSpans?.[0]?.spans).toEqual([span]);
  });

  test('keeps together a trace that arrives in parts, from two services', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const traceId = newTraceId();
    const spans = Array.from({ length: 6 }, () => otlpSpan({ traceId }));
    for (const [i, span] of spans.entries()) {
      add(store, [otlpSpan(), span], i % 2 === 0 ? 'gateway' : 'auth');
    }
    expect(new Set(spanIds(store, traceId))).toEqual(new Set(spans.map(({ spanId }) => spanId)));
    expect(store.stats()).toMatchObject({ heldSpans: 12, heldTraces: 7, evictedSpans: 0 });
  });

  test('forgets whole traces, the oldest first, and counts them', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const traceIds = Array.from({ length: 200 }, newTraceId);
    for (const traceId of traceIds) add(store, [largeSpan({ traceId }), largeSpan({ traceId })]);
    const held = traceIds.map((traceId) => spanIds(store, traceId).length);
    const firstHeld = held.indexOf(2);
    expect(firstHeld).toBeGreaterThan(100);
    expect(held.slice(0, firstHeld).every((count) => count === 0)).toBe(true);
    expect(held.slice(firstHeld).every((count) => count === 2)).toBe(true);
    expect(store.stats()).toMatchObject({
      heldTraces: 200 - firstHeld,
      heldSpans: 2 * (200 - firstHeld),
      evictedTraces: firstHeld,
      evictedSpans: 2 * firstHeld,
    });
    expect(store.stats().heldBytes).toBeLessThanOrEqual(MIN_STORE_BYTES + 1_500_000);
  });

  test('forgets the later spans of a trace with its first, and starts anew after that', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const traceId = newTraceId();
    add(store, [otlpSpan({ traceId })]);
    for (let i = 0; i < 39; i++) add(store, [largeSpan()]);
    add(store, [otlpSpan({ traceId })]);
    expect(spanIds(store, traceId)).toHaveLength(2);
    while (spanIds(store, traceId).length > 0) add(store, [largeSpan()]);
    expect(store.stats().evictedSpans).toBeGreaterThan(2);
    const late = otlpSpan({ traceId });
    add(store, [late]);
    expect(spanIds(store, traceId)).toEqual([late.spanId]);
  });

  test('holds a span that is larger than a segment, and one with very many attributes', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const large = otlpSpan({ attributes: attributes({ large: 'x'.repeat(3_000_000) }) });
    const wide = otlpSpan({
      attributes: attributes(
        Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, i])),
      ),
    });
    for (const span of [otlpSpan(), large, otlpSpan(), wide, otlpSpan()]) {
      add(store, [span]);
      expect(spanIds(store, span.traceId as string)).toEqual([span.spanId]);
    }
  });

  test('bounds memory when one trace never ends', () => {
    const store = new SpanStore(MIN_STORE_BYTES);
    const traceId = newTraceId();
    for (let i = 0; i < 300; i++) add(store, [largeSpan({ traceId })]);
    const { heldSpans, evictedSpans, heldBytes } = store.stats();
    expect(heldSpans + evictedSpans).toBe(300);
    expect(heldBytes).toBeLessThanOrEqual(MIN_STORE_BYTES + 1_500_000);
  });

  test('holds or has evicted every span, whatever order traces come in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 30 }), fc.boolean()), { minLength: 1, maxLength: 150 }),
        (arrivals) => {
          const store = new SpanStore(MIN_STORE_BYTES);
          const traceIds = Array.from({ length: 31 }, newTraceId);
          for (const [index, isLarge] of arrivals) {
            const traceId = traceIds[index] as string;
            add(store, [isLarge ? largeSpan({ traceId }) : otlpSpan({ traceId })]);
          }
          const held = traceIds.map((traceId) => spanIds(store, traceId).length);
          const { heldSpans, heldTraces, evictedSpans } = store.stats();
          expect(held.reduce((sum, count) => sum + count, 0)).toBe(heldSpans);
          expect(held.filter((count) => count > 0)).toHaveLength(heldTraces);
          expect(heldSpans + evictedSpans).toBe(arrivals.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});
