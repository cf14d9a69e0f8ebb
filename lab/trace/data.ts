import type { TraceDiff } from '../../traces/diff/diffTraces.ts';
import { serviceOf } from '../../traces/service.ts';
import type { SpanView, Trace } from '../../traces/trace.ts';

// What `--json` prints; times in milliseconds.

export function traceData(trace: Trace): object {
  const startUnixNano = trace.root?.span.startUnixNano ?? 0n;
  return {
    traceId: trace.traceId,
    durationMs: ms(trace.durationNano),
    services: trace.services,
    spans: trace.views.map((view) => ({
      ...spanData(view),
      parentSpanId: view.span.parentSpanId,
      startMs: ms(view.span.startUnixNano - startUnixNano),
      durationMs: ms(view.durationNano),
      selfMs: ms(view.selfTimeNano),
      status: view.span.status.code,
    })),
    criticalPath: trace.blameSections.map((section) => ({
      spanId: section.span.spanId,
      service: serviceOf(section.span),
      startMs: ms(section.startUnixNano - startUnixNano),
      durationMs: ms(section.endUnixNano - section.startUnixNano),
      blamed: section.service,
      cause: section.cause,
    })),
    blame: trace.blame.map(({ service, cause, durationNano }) => ({
      service,
      cause,
      durationMs: ms(durationNano),
    })),
    retries: trace.retries.map(({ attempts, evidence }) => ({
      spanIds: attempts.map(({ spanId }) => spanId),
      evidence,
    })),
  };
}

export function diffData({ a, b, deltaNano, outsideNano, hops, alike }: TraceDiff): object {
  return {
    a: a.traceId,
    b: b.traceId,
    deltaMs: ms(deltaNano),
    outsideMs: { a: ms(outsideNano.a), b: ms(outsideNano.b) },
    alike,
    hops: hops.map((hop) => ({
      a: hop.a && spanData(hop.a),
      b: hop.b && spanData(hop.b),
      state: hop.state,
      spans: hop.spans,
      pathMs: { a: ms(hop.pathNano.a), b: ms(hop.pathNano.b) },
      deltaMs: ms(hop.deltaNano),
      causes: hop.causes.map(({ service, cause, deltaNano: nano }) => ({
        service,
        cause,
        deltaMs: ms(nano),
      })),
      durationMs: { a: ms(hop.durationNano.a), b: ms(hop.durationNano.b) },
      changes: hop.changes,
    })),
  };
}

function spanData({ span, service }: SpanView) {
  return { spanId: span.spanId, service, name: span.name, kind: span.kind };
}

function ms(nano: bigint): number {
  return Number(nano) / 1e6;
}
