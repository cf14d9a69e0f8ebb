import type {
  Attributes,
  AttributeValue,
  Context,
  Exception,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { hrTimeDuration, type InstrumentationScope, timeInputToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, Span, SpanProcessor, TimedEvent } from '@opentelemetry/sdk-trace';
import { spanTime } from './spanTime.ts';

/** What all spans of a tracer share. */
export interface SpanOwner {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  readonly processor: SpanProcessor;
}

const unset: SpanStatus = { code: SpanStatusCode.UNSET };
const noEvents: TimedEvent[] = [];
const noLinks: Link[] = [];

/**
 * A span as the SDK makes it, for the few kinds that every request needs: same content, handed to
 * the same processors, but without the checks of attributes that are ours by construction, without
 * limits, and with nothing allocated that most spans never use.
 */
export class RecordedSpan implements Span {
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly parentSpanContext?: SpanContext;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  name: string;
  endTime: HrTime = [0, 0];
  status = unset;
  attributes: Attributes;
  events = noEvents;
  links = noLinks;
  ended = false;
  readonly #context: SpanContext;
  readonly #processor: SpanProcessor;

  constructor(
    { resource, scope, processor }: SpanOwner,
    name: string,
    kind: SpanKind,
    spanContext: SpanContext,
    parentSpanContext: SpanContext | undefined,
    attributes: Attributes,
    startTime: HrTime,
    context: Context,
  ) {
    this.name = name;
    this.kind = kind;
    this.startTime = startTime;
    if (parentSpanContext !== undefined) this.parentSpanContext = parentSpanContext;
    this.resource = resource;
    this.instrumentationScope = scope;
    this.attributes = attributes;
    this.#context = spanContext;
    this.#processor = processor;
    processor.onStart(this, context);
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  get duration(): HrTime {
    return hrTimeDuration(this.startTime, this.endTime);
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.ended) this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (!this.ended) Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended) return this;
    const timeFirst = typeof attributesOrTime !== 'object' || isTime(attributesOrTime);
    const attributes = timeFirst ? {} : (attributesOrTime as Attributes);
    const at = time ?? (timeFirst ? (attributesOrTime as TimeInput | undefined) : undefined);
    const event = { name, attributes, time: at === undefined ? spanTime() : timeInputToHrTime(at) };
    this.events = [...this.events, { ...event, droppedAttributesCount: 0 }];
    return this;
  }

  addLink(link: Link): this {
    return this.addLinks([link]);
  }

  addLinks(links: Link[]): this {
    if (!this.ended) this.links = [...this.links, ...links];
    return this;
  }

  setStatus(status: SpanStatus): this {
    const settled = this.ended || this.status.code === SpanStatusCode.OK;
    if (!settled && status.code !== SpanStatusCode.UNSET) this.status = status;
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const error = typeof exception === 'string' ? { message: exception } : exception;
    const attributes: Attributes = {};
    const type = error.code ?? error.name;
    if (type !== undefined) attributes['exception.type'] = String(type);
    if (error.message !== undefined) attributes['exception.message'] = error.message;
    if (error.stack !== undefined) attributes['exception.stacktrace'] = error.stack;
    this.addEvent('exception', attributes, time);
  }

  end(endTime?: TimeInput): void {
    if (this.ended) return;
    this.endTime = endTime === undefined ? spanTime() : timeInputToHrTime(endTime);
    this.ended = true;
    this.#processor.onEnd(this satisfies ReadableSpan);
  }
}

function isTime(value: object): boolean {
  return Array.isArray(value) || value instanceof Date;
}
