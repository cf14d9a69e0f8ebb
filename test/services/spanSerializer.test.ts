import {
  type Attributes,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedSpan } from '../../services/kit/recordedSpan.ts';
import { RequestTracer, share, startSharing } from '../../services/kit/requestTracer.ts';
import { SharedAttributes } from '../../services/kit/sharedAttributes.ts';
import { serializeSpans } from '../../services/kit/spanSerializer.ts';
import { receivedTraceState } from '../../services/kit/traceState.ts';
import { decodeOtlpProtobuf } from '../../traces/otlp/decode.ts';

const owner = {
  resource: resourceFromAttributes(
    { 'service.name': 'user', 'host.ip': ['127.0.0.1', '::1'] },
    { schemaUrl: 'https://opentelemetry.io/schemas/1.41.0' },
  ),
  instrumentationScope: {
    name: 'test',
    version: '1.2.3',
    schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
  },
};

const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const text = fc.string({ unit: 'binary', maxLength: 200 });
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double());
const value = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(text, { maxLength: 4 }),
  fc.array(number, { maxLength: 4 }),
  fc.array(fc.boolean(), { maxLength: 4 }),
);
const attributes = fc.dictionary(text, value, { maxKeys: 30, noNullPrototype: true });
const time = fc.tuple(fc.nat(2 ** 33), fc.nat(999_999_999)) as fc.Arbitrary<HrTime>;
const count = fc.nat(2 ** 31 - 1);
const spanContext: fc.Arbitrary<SpanContext> = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.nat(255) as fc.Arbitrary<TraceFlags>,
  isRemote: fc.boolean(),
  traceState: fc.constantFrom(
    undefined,
    receivedTraceState('aftershock=h:2;t:1718439730123456,rojo=00f067aa0ba902b7'),
    receivedTraceState(''),
  ),
}) as fc.Arbitrary<SpanContext>;

const span: fc.Arbitrary<ReadableSpan> = fc
  .record({
    context: spanContext,
    parentSpanContext: fc.option(spanContext, { nil: undefined }),
    name: text,
    kind: fc.nat(4),
    startTime: time,
    endTime: time,
    status: fc.record({ code: fc.nat(2) }, { requiredKeys: ['code'] }),
    message: fc.option(text, { nil: undefined }),
    attributes,
    droppedAttributesCount: count,
    droppedEventsCount: count,
    droppedLinksCount: count,
  })
  .map(({ context, message, status, ...rest }) => ({
    ...rest,
    ...owner,
    status: message === undefined ? status : { ...status, message },
    spanContext: () => context,
    duration: [0, 0],
    ended: true,
    events: [],
    links: [],
  })) as fc.Arbitrary<ReadableSpan>;

function stock(spans: ReadableSpan[]): Uint8Array {
  return ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
}

test('serializeSpans() gives the bytes of the stock serializer', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
      expect(Buffer.from(serializeSpans(spans))).toEqual(Buffer.from(stock(spans)));
    }),
  );
});

test('serializeSpans() gives the bytes of the stock serializer for attributes that spans share', () => {
  const tracer = new RequestTracer({
    resource: owner.resource,
    scope: owner.instrumentationScope,
    processor: new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() }),
  });
  const shared = fc.tuple(
    fc.dictionary(
      text.map((key) => `first ${key}`),
      value,
      { noNullPrototype: true },
    ),
    fc.dictionary(
      text.map((key) => `last ${key}`),
      value,
      { noNullPrototype: true },
    ),
    attributes.map((own) => ({ own: true, ...own })),
    fc.double({ min: 1.6e12, max: 2 ** 42, noNaN: true }),
  );
  fc.assert(
    fc.property(shared, ([firstValues, lastValues, own, startUnixMs]) => {
      const first = new SharedAttributes(firstValues);
      const last = new SharedAttributes(lastValues);
      // The first writes the bytes, the second uses them, the third has none of its own.
      const spans = [own, own, {}].map((attributes) => {
        const options = { startTime: startUnixMs, attributes: { ...attributes } };
        const span = startSharing(tracer, 'GET', first, options, ROOT_CONTEXT);
        share(span, last);
        span.end(startUnixMs + 1.25);
        return span as RecordedSpan;
      });
      const ours = Buffer.from(serializeSpans(spans));
      // Only now, for whoever reads a span's attributes makes them its own.
      expect(ours).toEqual(Buffer.from(stock(spans)));
    }),
  );
});

test('serializeSpans() gives the same spans where they are of several owners, or have events or links', () => {
  const plain = fc.sample(span, { numRuns: 1, seed: 1 })[0] as ReadableSpan;
  const context = {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  };
  const spans = Array.from({ length: 8 }, (_, index): ReadableSpan => {
    const event = { name: 'e', time: [1, 2] as HrTime, attributes: { a: 1 } as Attributes };
    return {
      ...plain,
      name: `span ${index}`,
      spanContext: () => ({ ...context, spanId: `${index + 1}`.padStart(16, '0') }),
      ...(index < 2 ? { resource: resourceFromAttributes({ 'service.name': 'other' }) } : {}),
      ...(index % 2 === 0 ? {} : { instrumentationScope: { name: 'odd' } }),
      ...(index === 5 ? { events: [event], links: [{ context }] } : {}),
    };
  });
  const byName = (bytes: Uint8Array) =>
    decodeOtlpProtobuf(bytes).spans.toSorted((a, b) => a.name.localeCompare(b.name));
  const ours = byName(serializeSpans(spans));
  expect(ours).toHaveLength(8);
  expect(ours).toEqual(byName(stock(spans)));
});
