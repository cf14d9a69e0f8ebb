import {
  type Attributes,
  type Link,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import { PauseAttribute } from '../strategy.ts';
import { PausedAttribute } from './attributes.ts';
import { spanId } from './ids.ts';
import type { KnownPause } from './knownPause.ts';
import type { EndedSpan, LiveSpan, SpanEvent } from './span.ts';
import { durationOf, earlier, hrTimeOf, hrTimeOfNano, type UnixMicros } from './time.ts';

/** What is to be added to a span, or put in the place of something. */
export interface Additions {
  readonly attributes?: Attributes;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly Link[];
  readonly context?: SpanContext;
}

type Parts = Omit<EndedSpan, 'spanContext' | 'ended'>;

/**
 * All spans that are made here, by one expression and with every field: V8 sees one class of them
 * beside the SDK's own, and whoever reads spans gets slower with each class that there has been.
 */
function madeSpan(
  parts: Parts,
  context: SpanContext,
  { attributes, events, links }: Pick<Parts, 'attributes' | 'events' | 'links'> = parts,
): EndedSpan {
  return {
    name: parts.name,
    kind: parts.kind,
    spanContext: () => context,
    parentSpanContext: parts.parentSpanContext,
    startTime: parts.startTime,
    endTime: parts.endTime,
    duration: parts.duration,
    ended: true,
    status: parts.status,
    attributes,
    events,
    links,
    resource: parts.resource,
    instrumentationScope: parts.instrumentationScope,
    droppedAttributesCount: parts.droppedAttributesCount,
    droppedEventsCount: parts.droppedEventsCount,
    droppedLinksCount: parts.droppedLinksCount,
  };
}

/**
 * An ended span cannot be changed: this is the same span, with more on it. It is a copy of what
 * exporters read, because the SDK's own spans keep part of that where a prototype does not reach.
 */
export function derivedSpan(span: EndedSpan, additions: Additions): EndedSpan {
  const { attributes, events = [], links = [], context = span.spanContext() } = additions;
  return madeSpan(span, context, {
    attributes: { ...span.attributes, ...attributes },
    events: [...span.events, ...events],
    links: [...span.links, ...links],
  });
}

const scope = { name: 'aftershock/pauses' };
const queueName = 'server.queue';

export function isQueueSpan({ name, instrumentationScope }: EndedSpan): boolean {
  return instrumentationScope === scope && name === queueName;
}

function newSpan(
  parts: Pick<EndedSpan, 'name' | 'startTime' | 'endTime' | 'resource' | 'attributes' | 'links'>,
  context: SpanContext,
  parentSpanContext?: SpanContext,
): EndedSpan {
  return madeSpan(
    {
      ...parts,
      kind: SpanKind.INTERNAL,
      parentSpanContext,
      duration: durationOf(parts.startTime, parts.endTime),
      status: { code: SpanStatusCode.UNSET },
      events: [],
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    },
    context,
  );
}

/** Jaeger's walk follows a sibling only if it ends strictly before the next one starts, in its microseconds. */
const apartNano = 1000;

/**
 * The wait of a request before its handler began. It has the server span's own parent, the caller's
 * client span: as a child of the server span it would lie outside of it, and be cut off.
 */
export function queueSpan(
  server: LiveSpan,
  parent: SpanContext,
  fromMicros: UnixMicros,
  attributes: Attributes,
): EndedSpan {
  const endTime = earlier(server.startTime, apartNano);
  const start = hrTimeOf(fromMicros);
  const startsLater = start[0] > endTime[0] || (start[0] === endTime[0] && start[1] > endTime[1]);
  const { traceId, traceFlags, traceState } = server.spanContext();
  const context = { traceId, spanId: spanId(), traceFlags, ...(traceState && { traceState }) };
  return newSpan(
    {
      name: queueName,
      startTime: startsLater ? endTime : start,
      endTime,
      resource: server.resource,
      attributes,
      links: [],
    },
    context,
    parent,
  );
}

/** The span of a pause: of whoever made it, with what was found out, or one of our own. */
export function pauseSpan(pause: KnownPause, resource: object): EndedSpan {
  const { detected, made, context, counts, links } = pause;
  const found: Attributes = {
    ...evidenceAttributes(pause),
    [PausedAttribute.hit]: counts.hit,
    [PausedAttribute.queued]: counts.queued,
  };
  if (made !== null) {
    const [start, end] = [made.startTime, made.endTime].map(
      ([s, n]) => BigInt(s) * 10n ** 9n + BigInt(n),
    );
    return derivedSpan(made, {
      context,
      links,
      attributes: {
        ...found,
        [PausedAttribute.detectedKind]: detected.kind,
        [PausedAttribute.detectedStartMs]: Number(detected.startUnixNano - (start ?? 0n)) / 1e6,
        [PausedAttribute.detectedEndMs]: Number(detected.endUnixNano - (end ?? 0n)) / 1e6,
      },
    });
  }
  return newSpan(
    {
      name: `pause ${detected.kind}`,
      startTime: hrTimeOfNano(detected.startUnixNano),
      endTime: hrTimeOfNano(detected.endUnixNano),
      resource,
      links,
      attributes: {
        [PauseAttribute.kind]: detected.kind,
        [PauseAttribute.sequence]: detected.sequence,
        [PauseAttribute.measuredMs]: Number(detected.endUnixNano - detected.startUnixNano) / 1e6,
        ...found,
      },
    },
    context,
  );
}

const evidenceNames = [
  'loopStallMs',
  'gcMs',
  'processCpuMs',
  'mainThreadCpuMs',
  'runDelayMs',
  'throttledMs',
  'heartbeatGapMs',
  'processStopped',
] as const;

function evidenceAttributes({ detected }: KnownPause): Attributes {
  const attributes: Attributes = {};
  for (const name of evidenceNames) {
    const value = detected.evidence[name];
    if (value !== null) attributes[PausedAttribute[name]] = value;
  }
  if (detected.stack !== undefined) attributes[PausedAttribute.stack] = detected.stack;
  return attributes;
}
