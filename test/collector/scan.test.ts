import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IncomingRequest, SpanColumns } from '../../collector/incoming.ts';
import { scanRequest } from '../../collector/scan.ts';
import { MalformedOtlpError } from '../../traces/otlp/request.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { otlpRequest } from '../traces/otlpRequest.ts';

/** What has been noted of each span, without what the columns hold beyond them. */
function noted({ spans, groups, rejected, reason }: IncomingRequest) {
  const { length, hashes, ...columns } = spans;
  const rows = Array.from({ length }, (_, i) => ({
    ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[i]])),
    hashes: hashes.slice(spans.hashStart[i], spans.hashEnd[i]),
  }));
  return structuredClone({ rows, groups, rejected, reason });
}

const requestBytes = otlpRequest({ isPlain: false }).map(
  (request) => otlpJsonToProtobuf(request).bytes,
);

describe('scanRequest()', () => {
  test('notes the same in columns that earlier requests have filled', () => {
    const used = new SpanColumns();
    fc.assert(
      fc.property(requestBytes, (bytes) => {
        const fresh = noted(scanRequest(bytes));
        expect(noted(scanRequest(bytes, used))).toEqual(fresh);
        expect(noted(scanRequest(bytes, used))).toEqual(fresh);
      }),
      { numRuns: 300 },
    );
  });

  test('notes the same after a request that is cut short, which it refuses', () => {
    const used = new SpanColumns();
    fc.assert(
      fc.property(requestBytes, fc.nat(), (bytes, place) => {
        const cut = bytes.subarray(0, place % (bytes.length + 1));
        try {
          scanRequest(cut, used);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedOtlpError);
        }
        expect(noted(scanRequest(bytes, used))).toEqual(noted(scanRequest(bytes)));
      }),
      { numRuns: 300 },
    );
  });
});
