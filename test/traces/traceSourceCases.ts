import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settle } from '../../traces/settle.ts';
import type { TraceSource } from '../../traces/source/traceSource.ts';
import type { Span, SpanKind } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { TraceIncompleteError } from '../../traces/traceIncompleteError.ts';
import { span } from './span.ts';

export interface SourceUnderTest {
  readonly source: TraceSource;
  /** Resolves once the spans can be read. */
  store(spans: readonly Span[]): Promise<void>;
  stop?(): Promise<void>;
}

const kinds: readonly SpanKind[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
const startNano = 1_760_000_000_123_456_789n;
const resource = (name: string) => ({ attributes: { 'service.name': name, 'host.cores': 2 } });
const [web, jobs] = [resource('web'), resource('jobs')];
const scope = { name: 'some-library', version: '1.2.3' };

let traces = 0;

/** A trace of its own: ids that begin with zeros among them. */
function newTraceId(): string {
  return (0xabc000 + traces++).toString(16).padStart(32, traces % 2 === 0 ? '0' : 'a');
}

/** A root and `count - 1` children. */
function family(traceId: string, count: number): Span[] {
  return Array.from({ length: count }, (_, i) => ({
    ...span((i + 1).toString(16).padStart(16, '0'), i === 0 ? '' : '1'.padStart(16, '0'), 0),
    traceId,
    startUnixNano: startNano + BigInt(i),
    endUnixNano: startNano + BigInt(i + 1),
    name: `span ${i}`,
    resource: web,
    scope,
  }));
}

/** Whatever a span may have, in six spans of two services. */
function everything(traceId: string): Span[] {
  const [root, server, client, ok, failed, odd] = family(traceId, 6).map((one, i) => ({
    ...one,
    kind: kinds[i] ?? 'unspecified',
  })) as [Span, Span, Span, Span, Span, Span];
  return [
    { ...root, traceState: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE' },
    {
      ...server,
      attributes: {
        text: 'naïve 𝄞',
        empty: '',
        yes: true,
        no: false,
        zero: 0,
        negative: -7,
        'beyond 2^53': 2n ** 60n,
        half: 0.5,
        tiny: Number.MIN_VALUE,
        texts: ['a', '', 'ü'],
        numbers: [1, 2, 3],
        'nothing in it': [],
      },
    },
    {
      ...client,
      events: [
        { name: 'first', timeUnixNano: startNano + 1n, attributes: {} },
        { name: '', timeUnixNano: startNano + 2n, attributes: { n: 1, text: 'x' } },
      ],
    },
    {
      ...ok,
      status: { code: 'ok', message: '' },
      links: [
        { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16), traceState: 'a=b', attributes: {} },
        { traceId, spanId: root.spanId, traceState: '', attributes: { why: 'retry', n: 2 } },
      ],
    },
    { ...failed, status: { code: 'error', message: 'it broke: ü' }, resource: jobs },
    {
      ...odd,
      name: '',
      resource: jobs,
      scope: { name: '', version: '' },
      startUnixNano: startNano,
      endUnixNano: startNano,
    },
  ];
}

function bySpanId(spans: readonly Span[] | null): Span[] {
  return (spans ?? []).toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** What holds of every source of traces, whatever is behind it. */
export function traceSourceCases(name: string, start: () => Promise<SourceUnderTest>): void {
  describe(name, () => {
    let at: SourceUnderTest;
    beforeAll(async () => {
      at = await start();
    });
    afterAll(async () => {
      await at?.stop?.();
    });

    test('gives null for a trace that is not there', async () => {
      expect(await at.source.getTrace('f'.repeat(32))).toBeNull();
    });

    test('gives every field of every span as it was', async () => {
      const traceId = newTraceId();
      await at.store(everything(traceId));
      expect(bySpanId(await at.source.getTrace(traceId))).toEqual(everything(traceId));
    });

    test('gives the flags of a span that has just come', async () => {
      const traceId = newTraceId();
      const spans = family(traceId, 2).map((one, i) => ({ ...one, flags: i === 0 ? 1 : 0x301 }));
      await at.store(spans);
      const flags = bySpanId(await at.source.getTrace(traceId)).map((one) => one.flags & 0xff);
      expect(flags).toEqual([1, 1]);
    });

    test('reads an id in capitals', async () => {
      const traceId = newTraceId();
      await at.store(family(traceId, 1));
      expect(await at.source.getTrace(traceId.toUpperCase())).toHaveLength(1);
    });

    test('gives what came of a trace so far, then the rest', async () => {
      const traceId = newTraceId();
      const spans = family(traceId, 4);
      await at.store(spans.slice(2));
      expect(bySpanId(await at.source.getTrace(traceId))).toEqual(spans.slice(2));
      await at.store(spans.slice(0, 2));
      expect(bySpanId(await at.source.getTrace(traceId))).toEqual(spans);
    });

    test('of spans that came twice, a Trace has one', async () => {
      const traceId = newTraceId();
      const spans = family(traceId, 3);
      await at.store(spans);
      await at.store(spans.slice(1));
      const trace = new Trace((await at.source.getTrace(traceId)) ?? []);
      expect(bySpanId(trace.spans)).toEqual(spans);
    });

    test('gives a trace of 4,000 spans whole', async () => {
      const traceId = newTraceId();
      await at.store(family(traceId, 4000));
      expect(await at.source.getTrace(traceId)).toHaveLength(4000);
    });

    test('answers many at once, each with its own trace', async () => {
      const ids = Array.from({ length: 20 }, newTraceId);
      await at.store(ids.flatMap((traceId, i) => family(traceId, i + 1)));
      const found = await Promise.all(ids.map((traceId) => at.source.getTrace(traceId)));
      expect(found.map((spans) => spans?.length)).toEqual(ids.map((_, i) => i + 1));
      for (const [i, spans] of found.entries()) {
        expect(new Set(spans?.map(({ traceId }) => traceId))).toEqual(new Set([ids[i]]));
      }
    });

    test('lets settle() find a trace whole, below its injected parent', async () => {
      const traceId = newTraceId();
      const parentId = 'd'.repeat(16);
      const [root, ...children] = family(traceId, 5) as [Span, ...Span[]];
      const header = `00-${traceId}-${parentId}-01`;
      const settled = settle(at.source, header, { counts: { web: 5 }, quietMs: 50 });
      await at.store(children);
      await at.store([{ ...root, parentSpanId: parentId, kind: 'server' }]);
      const trace = await settled;
      expect(trace.spans).toHaveLength(5);
      expect(trace.orphans).toEqual([]);
    });

    test('lets settle() say what came of a trace whose first span is lost, and where to look', async () => {
      const traceId = newTraceId();
      const header = `00-${traceId}-${'d'.repeat(16)}-01`;
      const [root, ...children] = family(traceId, 5) as [Span, ...Span[]];
      await at.store(children);
      const error = await settle(at.source, header, { timeoutMs: 1000 }).catch((why) => why);
      expect(error).toBeInstanceOf(TraceIncompleteError);
      const { message, trace } = error as TraceIncompleteError;
      expect(bySpanId(trace.spans)).toEqual(children);
      expect(message).toContain(`the parent ${root.spanId} of web "span 1" is missing`);
      expect(message).toContain(at.source.linkTo?.(traceId) ?? traceId);
    });

    test('lets settle() say that nothing came', async () => {
      const header = `00-${newTraceId()}-${'d'.repeat(16)}-01`;
      const error = await settle(at.source, header, { timeoutMs: 500 }).catch((why) => why);
      expect(error).toBeInstanceOf(TraceIncompleteError);
      expect((error as Error).message).toContain('no span has come');
    });
  });
}
