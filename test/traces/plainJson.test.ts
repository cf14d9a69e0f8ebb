import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeOtlpProtobuf } from '../../traces/otlp/decode.ts';
import { plainJsonToProtobuf } from '../../traces/otlp/plainJson.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { otlpRequest } from './otlpRequest.ts';

/** What the general way makes of the JSON. */
function generally(json: Buffer) {
  return decodeOtlpProtobuf(otlpJsonToProtobuf(JSON.parse(json.toString())).bytes);
}

describe('plainJsonToProtobuf()', () => {
  test.each([0, 1, 4])('gives the same spans as the general way, indented by %i', (indent) => {
    fc.assert(
      fc.property(otlpRequest({ isPlain: true }), (request) => {
        const json = Buffer.from(JSON.stringify(request, null, indent));
        const bytes = plainJsonToProtobuf(json);
        expect(bytes).not.toBeNull();
        expect(decodeOtlpProtobuf(bytes as Buffer)).toEqual(generally(json));
      }),
      { numRuns: 150 },
    );
  });

  test('of any request gives the same spans, or declines', () => {
    fc.assert(
      fc.property(otlpRequest({ isPlain: false }), (request) => {
        const json = Buffer.from(JSON.stringify(request));
        const bytes = plainJsonToProtobuf(json);
        if (bytes) expect(decodeOtlpProtobuf(bytes)).toEqual(generally(json));
      }),
      { numRuns: 300 },
    );
  });

  test('of bytes with one replaced gives what the general way gives, or declines', () => {
    fc.assert(
      fc.property(
        otlpRequest({ isPlain: true }),
        fc.nat(),
        fc.constantFrom(...Buffer.from('"\\{}[],:0-.e \n\u0001az')),
        (request, place, byte) => {
          const json = Buffer.from(JSON.stringify(request));
          json[place % json.length] = byte;
          const bytes = plainJsonToProtobuf(json);
          if (bytes) expect(decodeOtlpProtobuf(bytes)).toEqual(generally(json));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('declines what is cut short, wherever', () => {
    const [request] = fc.sample(otlpRequest({ isPlain: true }), { numRuns: 1, seed: 7 });
    const json = Buffer.from(JSON.stringify(request));
    for (let length = 0; length < json.length; length++) {
      expect(plainJsonToProtobuf(json.subarray(0, length))).toBeNull();
    }
  });

  test('declines what takes more room as protobuf than there is', () => {
    const scopeSpans = Array.from({ length: 170_000 }, () => ({}));
    const schemaUrl = 'u'.repeat(500_000);
    const json = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans, schemaUrl }] }));
    expect(plainJsonToProtobuf(json)).toBeNull();
  });

  test.each([
    '{"key":"k","value":{"stringValue":"a}}b"}}',
    '{"key":"k}}","value":{"stringValue":"}}"}}',
    '{"key":"k","value":{"stringValue":"a\\"}}"}}',
    '{"key":"k\\"","value":{"stringValue":"b"}}',
    '{"key":"ké","value":{"stringValue":"€\u{1f600}"}}',
    '{"key":"","value":{"stringValue":""}}',
    `{"key":"${'k'.repeat(127)}","value":{"stringValue":"${'v'.repeat(127)}"}}`,
    `{"key":"${'k'.repeat(128)}","value":{"stringValue":"${'v'.repeat(128)}"}}`,
    '{"key":"k","value":{}}',
    '{"key":"k","value":{"intValue":"1"}}',
    '{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":1}]}}}',
    '{"value":{"stringValue":"b"},"key":"k"}',
    '{"key":"k", "value":{"stringValue":"b"}}',
  ])('reads the attribute %s as the general way does', (attribute) => {
    const json = spanWith(attribute, attribute);
    const bytes = plainJsonToProtobuf(json);
    expect(bytes).not.toBeNull();
    expect(decodeOtlpProtobuf(bytes as Buffer)).toEqual(generally(json));
  });

  test.each([
    '{"key":"k","value":{"stringValue":"b"}',
    '{"key":"k","value":{"stringValue":"b"}]',
    '{"key":"k","value":{"stringValue":"b"}},',
    '{"key":"k","value":{"stringValue":"b}}',
    '{"key":"k","value":{"stringValue":"b"},"key":"k"}',
    '{"key":"k","value":{"stringValue":"b","intValue":1}}',
    '{"key":"k","value":{"stringValue":"b\u0001"}}',
    '{"key":"k\u0001","value":{"stringValue":"b"}}',
    '{"key":"k","valuE":{"stringValue":"b"}}',
  ])('declines the attribute %j', (attribute) => {
    expect(plainJsonToProtobuf(spanWith(attribute))).toBeNull();
  });

  test.each([
    ['a field of a newer OTLP', '{"resourceSpans":[],"newer":1}'],
    ['a field twice', '{"resourceSpans":[],"resourceSpans":[]}'],
    ['null', '{"resourceSpans":null}'],
    ['something behind the end', '{"resourceSpans":[]} x'],
    ['a comma before the end', '{"resourceSpans":[],}'],
    ['a span without ids', '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}'],
  ])('declines %s', (_, json) => {
    expect(plainJsonToProtobuf(Buffer.from(json))).toBeNull();
  });
});

/** A request of one span, with attributes that are JSON, or are meant to be. */
function spanWith(...attributes: readonly string[]): Buffer {
  const ids = '"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"';
  const span = `{${ids},"attributes":[${attributes}]}`;
  return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`);
}
