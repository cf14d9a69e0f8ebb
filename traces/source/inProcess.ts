import { serviceOf } from '../service.ts';
import type { Attributes, Span, SpanKind } from '../span.ts';
import type { TraceSource } from './traceSource.ts';

/** Seconds and nanoseconds. */
type HrTime = [seconds: number, nano: number];

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
}

/** What an exporter of OpenTelemetry's SDK is given, of version 1, 2 or 3. */
export interface ExportedSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  /** Version 1 of the SDK. */
  readonly parentSpanId?: string | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: object;
  readonly events: readonly {
    readonly name: string;
    readonly time: HrTime;
    readonly attributes?: object;
  }[];
  readonly links: readonly {
    readonly context: SpanContext;
    readonly attributes?: object;
  }[];
  readonly resource: { readonly attributes: object };
  readonly instrumentationScope?: { readonly name: string; readonly version?: string };
  readonly instrumentationLibrary?: { readonly name: string; readonly version?: string };
}

const kinds: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer'];
const codes = ['unset', 'ok', 'error'] as const;

/**
 * Collects the spans of this process: an exporter for the SDK, and a source of what it was given.
 * With the SDK's `SimpleSpanProcessor` a span is there as soon as it has ended.
 */
export class InProcessExporter implements TraceSource {
  readonly #traces = new Map<string, Span[]>();
  readonly #maxTraces: number;

  /** @param maxTraces kept; the oldest go first. */
  constructor(maxTraces = 1000) {
    this.#maxTraces = maxTraces;
  }

  export(spans: readonly ExportedSpan[], done: (result: { code: number }) => void): void {
    for (const exported of spans) {
      const span = spanOf(exported);
      const trace = this.#traces.get(span.traceId);
      if (trace) trace.push(span);
      else this.#traces.set(span.traceId, [span]);
    }
    for (const traceId of this.#traces.keys()) {
      if (this.#traces.size <= this.#maxTraces) break;
      this.#traces.delete(traceId);
    }
    done({ code: 0 });
  }

  async shutdown(): Promise<void> {}

  async forceFlush(): Promise<void> {}

  /** Forgets everything. */
  reset(): void {
    this.#traces.clear();
  }

  async getTrace(traceId: string): Promise<Span[] | null> {
    return this.#traces.get(traceId.toLowerCase())?.slice() ?? null;
  }

  /** Names of the services that it has had spans of. */
  get services(): string[] {
    return [...new Set([...this.#traces.values()].flat().map(serviceOf))];
  }
}

function spanOf(exported: ExportedSpan): Span {
  const { traceId, spanId, traceState, traceFlags } = exported.spanContext();
  const { status, instrumentationScope, instrumentationLibrary } = exported;
  const scope = instrumentationScope ?? instrumentationLibrary;
  return {
    traceId,
    spanId,
    parentSpanId: exported.parentSpanContext?.spanId ?? exported.parentSpanId ?? '',
    name: exported.name,
    kind: kinds[exported.kind] ?? 'unspecified',
    startUnixNano: nanoOf(exported.startTime),
    endUnixNano: nanoOf(exported.endTime),
    attributes: attributesOf(exported.attributes),
    events: exported.events.map(({ name, time, attributes }) => ({
      name,
      timeUnixNano: nanoOf(time),
      attributes: attributesOf(attributes),
    })),
    links: exported.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      traceState: context.traceState?.serialize() ?? '',
      attributes: attributesOf(attributes),
    })),
    status: { code: codes[status.code] ?? 'unset', message: status.message ?? '' },
    traceState: traceState?.serialize() ?? '',
    flags: traceFlags,
    resource: { attributes: attributesOf(exported.resource.attributes) },
    scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
  };
}

/** A copy: nothing that the SDK does with them later shows. */
function attributesOf(attributes: object | undefined): Attributes {
  return structuredClone(attributes ?? {}) as Attributes;
}

function nanoOf([seconds, nano]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(nano));
}
