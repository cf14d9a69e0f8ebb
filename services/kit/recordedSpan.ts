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
import type { SharedAttributes } from './sharedAttributes.ts';
import { hrTimeOf, unixMs } from './spanTime.ts';

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
 * limits, and with nothing allocated that most spans never use. It is small, for many are held
 * until their batch is full, and each collection of garbage until then copies them.
 */
export class RecordedSpan implements Span {
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  name: string;
  status = unset;
  events = noEvents;
  links = noLinks;
  ended = false;
  /** Attributes at the start and at the end, shared with other spans; `attributes` has them too. */
  first: SharedAttributes | null;
  last: SharedAttributes | null = null;
  /** The attributes besides these two; no key of theirs is among them. */
  own: Attributes;
  /** Milliseconds since 1970 as they came from our clock, or what somebody else gave. */
  began: number | HrTime;
  finished: number | HrTime = 0;
  readonly #context: SpanContext;
  readonly #owner: SpanOwner;

  constructor(
    owner: SpanOwner,
    name: string,
    kind: SpanKind,
    spanContext: SpanContext,
    parentSpanContext: SpanContext | undefined,
    first: SharedAttributes | null,
    own: Attributes,
    startTime: TimeInput | undefined,
    context: Context,
  ) {
    this.name = name;
    this.kind = kind;
    if (parentSpanContext !== undefined) this.parentSpanContext = parentSpanContext;
    this.first = first;
    this.own = own;
    this.began = timeOf(startTime);
    this.#context = spanContext;
    this.#owner = owner;
    owner.processor.onStart(this, context);
  }

  get resource(): Resource {
    return this.#owner.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#owner.scope;
  }

  get droppedAttributesCount(): number {
    return 0;
  }

  get droppedEventsCount(): number {
    return 0;
  }

  get droppedLinksCount(): number {
    return 0;
  }

  get startTime(): HrTime {
    if (typeof this.began === 'number') this.began = hrTimeOf(this.began);
    return this.began;
  }

  get endTime(): HrTime {
    if (typeof this.finished === 'number') this.finished = hrTimeOf(this.finished);
    return this.finished;
  }

  /** All of them. */
  get attributes(): Attributes {
    if (this.first !== null || this.last !== null) {
      this.own = { ...this.first?.values, ...this.own, ...this.last?.values };
      this.first = null;
      this.last = null;
    }
    return this.own;
  }

  /** Sets attributes that other spans have too. None of them may be set yet. */
  share(attributes: SharedAttributes): void {
    if (this.ended) return;
    if (this.last === null) this.last = attributes;
    else Object.assign(this.attributes, attributes.values);
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
    if (this.ended) return this;
    const shared = this.#isShared(key);
    (shared ? this.attributes : this.own)[key] = value;
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
    const event = {
      name,
      attributes,
      time: at === undefined ? hrTimeOf(unixMs()) : timeInputToHrTime(at),
    };
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
    this.finished = timeOf(endTime);
    this.ended = true;
    this.#owner.processor.onEnd(this satisfies ReadableSpan);
  }

  #isShared(key: string): boolean {
    return (
      (this.first !== null && key in this.first.values) ||
      (this.last !== null && key in this.last.values)
    );
  }
}

/** A number below this counts from the start of the process. */
const earliestUnixMs = performance.timeOrigin;

function timeOf(time: TimeInput | undefined): number | HrTime {
  if (time === undefined) return unixMs();
  return typeof time === 'number' && time >= earliestUnixMs ? time : timeInputToHrTime(time);
}

function isTime(value: object): boolean {
  return Array.isArray(value) || value instanceof Date;
}
