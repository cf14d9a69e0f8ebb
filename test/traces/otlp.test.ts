import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeOtlpJson, decodeOtlpProtobuf } from '../../traces/otlp/decode.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { MalformedOtlpError, type OtlpSpan } from '../../traces/otlp/request.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { WireWriter } from '../../traces/otlp/wireWriter.ts';
import { otlpRequest } from './otlpRequest.ts';

const IDS = { traceId: '4BF92F3577B34DA6A3CE929D0E0E4736', spanId: '00F067AA0BA902B7' };

function decodeOne(span: OtlpSpan) {
  return decodeOtlpJson({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, ...span }] }] }] });
}

describe('decodeOtlpJson()', () => {
  test('reads a span with nothing but ids, in lower case', () => {
    expect(decodeOne({}).spans).toEqual([
      {
        traceId: IDS.traceId.toLowerCase(),
        spanId: IDS.spanId.toLowerCase(),
        parentSpanId: '',
        name: '',
        kind: 'unspecified',
        startUnixNano: 0n,
        endUnixNano: 0n,
        attributes: {},
        events: [],
        links: [],
        status: { code: 'unset', message: '' },
        traceState: '',
        flags: 0,
        resource: { attributes: {} },
        scope: { name: '', version: '' },
      },
    ]);
  });

  test.each([
    [2, 'server'],
    ['SPAN_KIND_CLIENT', 'client'],
    ['3', 'client'],
    [17, 'unspecified'],
    ['SPAN_KIND_NEWER', 'unspecified'],
    [null, 'unspecified'],
  ])('reads kind %o as %s', (kind, want) => {
    expect(decodeOne({ kind: kind as number }).spans[0]?.kind).toBe(want);
  });

  test.each([
    [{ intValue: '9007199254740991' }, 9007199254740991],
    [{ intValue: '9007199254740993' }, 9007199254740993n],
    [{ intValue: -5 }, -5],
    [{ doubleValue: 'NaN' }, Number.NaN],
    [{ doubleValue: '-Infinity' }, Number.NEGATIVE_INFINITY],
    [{ boolValue: false }, false],
    [{ bytesValue: 'AAH/' }, new Uint8Array([0, 1, 255])],
    [{ arrayValue: {} }, []],
    [{ kvlistValue: { values: [{ key: 'a', value: { stringValue: '' } }] } }, { a: '' }],
    [{ newerValue: 1 }, null],
    [{}, null],
    [null, null],
  ])('reads the value %o as %o', (value, want) => {
    const [span] = decodeOne({ attributes: [{ key: 'k', value: value as object }] }).spans;
    expect(span?.attributes).toEqual({ k: want });
  });

  test('takes a key called __proto__ for a key', () => {
    const [span] = decodeOne({ attributes: [{ key: '__proto__', value: { intValue: 1 } }] }).spans;
    expect(Object.entries(span?.attributes ?? {})).toEqual([['__proto__', 1]]);
  });

  test.each([
    [{ traceId: 'abc' }, 'traceId must be 32 hex digits, not all zero; it is "abc"'],
    [{ spanId: '0'.repeat(16) }, 'spanId must be 16 hex digits, not all zero; it is "0000'],
    [{ parentSpanId: 'xyz' }, 'parentSpanId must be 16 hex digits'],
  ])('rejects the span with %o, and says why', (span, why) => {
    const { spans, rejected } = decodeOne(span);
    expect(spans).toEqual([]);
    expect(rejected).toEqual([expect.stringContaining(why)]);
  });

  test.each<[unknown, RegExp]>([
    [null, /request must be an object; it is null/],
    [[], /request must be an object; it is an array/],
    [{ resourceSpans: {} }, /resourceSpans must be an array/],
    [
      { resourceSpans: [{ scopeSpans: [{ spans: [7] }] }] },
      /spans must be an object; it is number/,
    ],
    [
      { resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, name: 7 }] }] }] },
      /name must be a string/,
    ],
    [
      { resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, links: 7 }] }] }] },
      /links must be an array/,
    ],
    [
      { resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, startTimeUnixNano: 1.5 }] }] }] },
      /startTimeUnixNano must be an integer; it is 1.5/,
    ],
  ])('and otlpJsonToProtobuf() refuse %j', (request, message) => {
    expect(() => decodeOtlpJson(request)).toThrow(message);
    expect(() => otlpJsonToProtobuf(request)).toThrow(MalformedOtlpError);
  });

  test('and otlpJsonToProtobuf() refuse values nested 33 deep', () => {
    let value: object = { stringValue: 'x' };
    for (let i = 0; i < 32; i++) value = { arrayValue: { values: [value] } };
    const spans = [{ ...IDS, attributes: [{ key: 'k', value }] }];
    const request = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
    expect(() => decodeOtlpJson(request)).toThrow(/32 deep/);
    expect(() => otlpJsonToProtobuf(request)).toThrow(/32 deep/);
  });
});

describe('OTLP', () => {
  test('in JSON and in protobuf gives the same spans', () => {
    fc.assert(
      fc.property(otlpRequest({ isPlain: false }), (request) => {
        const { bytes } = otlpJsonToProtobuf(request);
        expect(decodeOtlpProtobuf(bytes)).toEqual(decodeOtlpJson(request));
      }),
    );
  });

  test('spans survive encodeOtlpJson() and back', () => {
    fc.assert(
      fc.property(otlpRequest({ isPlain: false }), (request) => {
        const { spans } = decodeOtlpJson(request);
        const json: unknown = JSON.parse(JSON.stringify(encodeOtlpJson(spans)));
        expect(decodeOtlpJson(json).spans).toEqual(spans);
      }),
    );
  });
});

describe('decodeOtlpProtobuf()', () => {
  test('says MalformedOtlpError, or spans, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeOtlpProtobuf(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedOtlpError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('refuses a request cut short anywhere inside a span', () => {
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, name: 'n' }] }] }] };
    const { bytes } = otlpJsonToProtobuf(request);
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeOtlpProtobuf(bytes.subarray(0, length))).toThrow(MalformedOtlpError);
    }
  });

  test('skips fields that it does not know, of every wire type', () => {
    const out = new WireWriter();
    out.message(1, () =>
      out.message(2, () =>
        out.message(2, () => {
          out.bytes(1, Buffer.from(IDS.traceId, 'hex'));
          out.uint(2000, 2 ** 40);
          out.fixed64(2001, 1n);
          out.fixed32(2002, 1);
          out.text(2003, 'newer');
          out.bytes(2, Buffer.from(IDS.spanId, 'hex'));
        }),
      ),
    );
    expect(decodeOtlpProtobuf(out.finish()).spans).toHaveLength(1);
  });
});
