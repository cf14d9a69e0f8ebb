import { describe, expect, test } from 'vitest';
import { settle } from '../../traces/settle.ts';
import { SourceError, type SourceTrouble } from '../../traces/source/sourceError.ts';
import type { TraceSource } from '../../traces/source/traceSource.ts';
import { TraceUnavailableError } from '../../traces/traceIncompleteError.ts';
import type { Fault } from './httpFault.ts';
import { span } from './span.ts';

export interface FaultySource {
  readonly source: TraceSource;
  stop(): Promise<void>;
}

export interface FaultyLimits {
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly attempts: number;
}

const troubles: readonly {
  fault: Fault;
  trouble: SourceTrouble;
  says: RegExp;
}[] = [
  ...[400, 401, 403, 413, 422, 429, 500, 502, 503, 504].map((status) => ({
    fault: { kind: 'status', status, body: 'because' } as const,
    trouble: 'refused' as const,
    says: new RegExp(`refuses trace [0-9a-f]{32} with status ${status}: because$`),
  })),
  {
    fault: { kind: 'status', status: 404, body: '404 page not found' },
    trouble: 'malformed',
    says: /it knows no such path: 404 page not found; its address is that of/,
  },
  {
    fault: { kind: 'status', status: 404, body: '<!DOCTYPE html><html>Not here</html>' },
    trouble: 'malformed',
    says: /it knows no such path/,
  },
  { fault: { kind: 'page' }, trouble: 'malformed', says: /it is not JSON but text\/html/ },
  { fault: { kind: 'garbage' }, trouble: 'malformed', says: /answers to a request for trace/ },
  { fault: { kind: 'empty' }, trouble: 'malformed', says: /answers to a request for trace/ },
  { fault: { kind: 'half' }, trouble: 'truncated', says: /only the beginning of its answer/ },
  { fault: { kind: 'cut' }, trouble: 'truncated', says: /broke off its answer/ },
  { fault: { kind: 'reset' }, trouble: 'unreachable', says: /cannot be reached/ },
  { fault: { kind: 'silent' }, trouble: 'timeout', says: /gave no answer within 0\.1 s/ },
];

/** A trace whose answer is of some 60 KB. */
export const wholeTrace = Array.from({ length: 200 }, (_, i) => ({
  ...span((i + 1).toString(16).padStart(16, '0'), '', i),
  attributes: { text: 'x'.repeat(300) },
}));
const traceId = wholeTrace[0]?.traceId ?? '';
const header = `00-${traceId}-00f067aa0ba902b7-01`;

/**
 * What holds of every source that asks over HTTP: a back end that is down, slow, full or none at all
 * gives a `SourceError`, and `settle()` a `TraceUnavailableError`, which is no failed assertion.
 * @param start with {@link wholeTrace} in it, whose every answer has this fault.
 */
export function sourceFaultCases(
  name: string,
  start: (fault: Fault | null, limits: FaultyLimits) => Promise<FaultySource>,
): void {
  const limits: FaultyLimits = { timeoutMs: 10_000, maxAnswerBytes: 1e6, attempts: 1 };

  async function failures(source: TraceSource): Promise<[unknown, unknown]> {
    const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
    return [
      await failure(source.getTrace(traceId)),
      await failure(settle(source, header, { timeoutMs: 1, expect: () => true })),
    ];
  }

  describe(name, () => {
    test.each(troubles)('fails with $trouble where every answer is $fault', async (row) => {
      const timeoutMs = row.trouble === 'timeout' ? 100 : limits.timeoutMs;
      const { source, stop } = await start(row.fault, { ...limits, timeoutMs });
      try {
        const [failure, unsettled] = await failures(source);
        expect(failure).toBeInstanceOf(SourceError);
        expect(failure).toMatchObject({
          trouble: row.trouble,
          message: expect.stringMatching(row.says),
        });
        expect(unsettled).toBeInstanceOf(TraceUnavailableError);
      } finally {
        await stop();
      }
    });

    test('is unreachable where nobody listens', async () => {
      const { source, stop } = await start(null, limits);
      await stop();
      const [failure, unsettled] = await failures(source);
      expect(failure).toMatchObject({
        trouble: 'unreachable',
        message: expect.stringMatching(/ECONNREFUSED.*; is it running/),
      });
      expect(unsettled).toBeInstanceOf(TraceUnavailableError);
    });

    test('does not hold more of an answer than it may', async () => {
      const { source, stop } = await start(null, { ...limits, maxAnswerBytes: 10_000 });
      try {
        const [failure, unsettled] = await failures(source);
        expect(failure).toMatchObject({
          trouble: 'tooLarge',
          message: expect.stringMatching(/answers with more than 10000 bytes for trace/),
        });
        expect(unsettled).toBeInstanceOf(TraceUnavailableError);
      } finally {
        await stop();
      }
    });
  });
}
