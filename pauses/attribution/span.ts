import type {
  Attributes,
  AttributeValue,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
} from '@opentelemetry/api';

/** Something that happened at a moment of a span. */
export interface SpanEvent {
  readonly time: HrTime;
  readonly name: string;
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
}

/** What spans of OpenTelemetry's SDK have, in version 2 and 3 alike, as soon as they are started. */
export interface LiveSpan {
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly attributes: Attributes;
  readonly resource: object;
  spanContext(): SpanContext;
  setAttribute(key: string, value: AttributeValue): unknown;
}

/** The same once they have ended: what an exporter reads. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly ended: boolean;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly events: SpanEvent[];
  readonly links: Link[];
  readonly resource: object;
  readonly instrumentationScope: object;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** Takes the spans when the library has done with them: a span processor is one. */
export interface NextProcessor {
  onStart?(span: never, context: never): void;
  onEnd(span: EndedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Whether a span is the part of a request that this process began with: nothing above it here. A
 * request is counted once, by it.
 */
export function isLocalRoot({ parentSpanContext }: Pick<EndedSpan, 'parentSpanContext'>): boolean {
  return parentSpanContext === undefined || parentSpanContext.isRemote === true;
}
