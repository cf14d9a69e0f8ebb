import { decodeOtlpJson } from '../../traces/otlp/decode.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/matchers.ts';
import { traceSnapshot } from '../../traces/vitest/traceSnapshot.ts';
import { traceRequest } from './traceRequests.ts';

const calls = 300;
const warmUps = 5;

type Names = Exclude<
  keyof typeof traceMatchers,
  'toMatchTraceSnapshot' | 'toMatchTraceInlineSnapshot'
>;
type Look = (trace: Trace) => unknown;

const { spans } = decodeOtlpJson(traceRequest(10, 0));
const name = 'GET /users/:id';
const context = {};
const other = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) };

/** Each with what a test would ask of it; of snapshots only the text, since vitest does the rest. */
const looks: Record<Names | 'text of toMatchTraceSnapshot', Look> = {
  toHaveSpan: (trace) => traceMatchers.toHaveSpan.call(context, trace, { name, kind: 'client' }),
  toHaveSpanTree: (trace) =>
    traceMatchers.toHaveSpanTree.call(context, trace, {
      name,
      children: [{ kind: 'client', children: [{ kind: 'server' }] }, { kind: 'client' }],
    }),
  toCallService: (trace) => traceMatchers.toCallService.call(context, trace, 'user'),
  toHaveAttributes: (trace) =>
    traceMatchers.toHaveAttributes.call(context, trace, { 'http.route': '/users/:id' }),
  toHaveStatus: (trace) => traceMatchers.toHaveStatus.call(context, trace, 'unset'),
  toHaveEvent: (trace) => traceMatchers.toHaveEvent.call(context, trace, 'pause'),
  toHaveDurationWithin: (trace) =>
    traceMatchers.toHaveDurationWithin.call(context, trace, { maxMs: 2000 }),
  toHaveSelfTimeWithin: (trace) =>
    traceMatchers.toHaveSelfTimeWithin.call(context, trace, { maxMs: 2000 }),
  toRunConcurrently: (trace) =>
    traceMatchers.toRunConcurrently.call(context, trace, [{ kind: 'client' }, { kind: 'server' }]),
  toHaveCriticalPath: (trace) =>
    traceMatchers.toHaveCriticalPath.call(context, trace, [name, { kind: 'client' }]),
  toHaveRetries: (trace) => traceMatchers.toHaveRetries.call(context, trace),
  toHaveNoRepeatedCalls: (trace) => traceMatchers.toHaveNoRepeatedCalls.call(context, trace),
  toHaveNoOrphans: (trace) => traceMatchers.toHaveNoOrphans.call(context, trace),
  toHaveNoMissingServerSpans: (trace) =>
    traceMatchers.toHaveNoMissingServerSpans.call(context, trace),
  toCarryTracestate: (trace) =>
    traceMatchers.toCarryTracestate.call(context, trace, { rojo: undefined }),
  toOriginateErrorAt: (trace) => traceMatchers.toOriginateErrorAt.call(context, trace, name),
  toAttributePause: (trace) =>
    traceMatchers.toAttributePause.call(context, trace, { service: 'gateway', minMs: 1 }),
  toHaveAmplification: (trace) =>
    traceMatchers.toHaveAmplification.call(context, [trace], {
      service: 'gateway',
      min: 1,
      baseline: [trace],
    }),
  toBeLinkedTo: (trace) => traceMatchers.toBeLinkedTo.call(context, trace, other),
  toConformToSemconv: (trace) => traceMatchers.toConformToSemconv.call(context, trace),
  'text of toMatchTraceSnapshot': (trace) => traceSnapshot(trace),
};

/** Microseconds a call, one a run, of each matcher on a new trace of ten spans, whatever it says. */
export function matcherMicros(runs: number): Map<string, number[]> {
  const paused = spans.map((span, i) => (i === 0 ? withPause(span) : span));
  const found = new Map(Object.keys(looks).map((key) => [key, [] as number[]]));
  for (let run = 1 - warmUps; run <= runs; run++) {
    for (const [key, look] of Object.entries(looks)) {
      const traces = Array.from({ length: calls }, () => new Trace(paused));
      const before = process.cpuUsage();
      for (const trace of traces) look(trace);
      const { user, system } = process.cpuUsage(before);
      if (run > 0) found.get(key)?.push((user + system) / calls);
    }
  }
  return found;
}

function withPause(span: Span): Span {
  const attributes = { 'aftershock.pause.kind': 'gc', 'aftershock.pause.duration_ms': 5 };
  const timeUnixNano = span.startUnixNano;
  return { ...span, events: [{ name: 'pause', timeUnixNano, attributes }] };
}
