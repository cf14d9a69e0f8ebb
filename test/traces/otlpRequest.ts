import fc from 'fast-check';
import type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpSpan,
  OtlpTraceRequest,
} from '../../traces/otlp/request.ts';

function id(bytes: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((array) => array.some((byte) => byte !== 0))
    .map((array) => Buffer.from(array).toString('hex'));
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.string({ minLength: 120, maxLength: 140 }),
  fc.constantFrom('', 'naïve', 'tab\there', '\u2028', '𝄞'),
);

/** Nanoseconds of our time. */
const nano = fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 1n }).map(String);
const count = fc.nat({ max: 999_999_999 });

const { value: anyValue } = fc.letrec<{ value: OtlpAnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ intValue: fc.oneof(count, count.map(String)) }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ doubleValue: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
  ),
}));

const oddValue = fc.oneof<fc.Arbitrary<OtlpAnyValue>[]>(
  anyValue,
  fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
  fc.record({ doubleValue: fc.constantFrom('NaN', 'Infinity', '-Infinity') }),
  fc.record({
    bytesValue: fc.uint8Array({ maxLength: 9 }).map((b) => Buffer.from(b).toString('base64')),
  }),
  fc.constant({ kvlistValue: { values: [{ key: 'inner', value: { boolValue: true } }] } }),
  fc.constant({}),
);

/**
 * Requests of a few spans with everything that a span can have. The plain ones are as SDKs write
 * them; the others have rarer values, names of enum values, newer ones, and fields that are null.
 */
export function otlpRequest({ isPlain }: { isPlain: boolean }): fc.Arbitrary<OtlpTraceRequest> {
  const odd = <T>(plain: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
    isPlain ? plain : fc.oneof(plain, ...others);
  const attributes = fc.array(
    fc.record<OtlpKeyValue>({ key: text, value: isPlain ? anyValue : oddValue }),
    { maxLength: 4 },
  );
  const event = fc.record({ timeUnixNano: nano, name: text, attributes });
  const link = fc.record({ traceId: id(16), spanId: id(8), traceState: text, attributes });
  const span: fc.Arbitrary<OtlpSpan> = fc.record<OtlpSpan, 'traceId' | 'spanId'>(
    {
      traceId: id(16),
      spanId: id(8),
      traceState: text,
      parentSpanId: fc.oneof(fc.constant(''), id(8)),
      name: text,
      kind: odd<number | string>(
        fc.nat({ max: 5 }),
        fc.constantFrom<number | string>('SPAN_KIND_SERVER', 'SPAN_KIND_NEWER', 99),
      ),
      startTimeUnixNano: odd<number | string>(nano, fc.constantFrom<number | string>('17', 0)),
      endTimeUnixNano: nano,
      attributes: odd<OtlpKeyValue[] | null>(attributes, fc.constant(null)),
      droppedAttributesCount: count,
      events: fc.array(event, { maxLength: 2 }),
      droppedEventsCount: count,
      links: fc.array(link, { maxLength: 2 }),
      droppedLinksCount: count,
      status: fc.record({ code: fc.nat({ max: 2 }), message: text }),
      flags: fc.nat({ max: 1023 }),
    },
    { requiredKeys: ['traceId', 'spanId'] },
  );
  const scope = fc.record({ name: text, version: text, attributes });
  return fc.record({
    resourceSpans: fc.array(
      fc.record({
        resource: fc.record({ attributes }),
        scopeSpans: fc.array(fc.record({ scope, spans: fc.array(span, { maxLength: 3 }) }), {
          maxLength: 2,
        }),
      }),
      { maxLength: 2 },
    ),
  });
}
