import {
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import {
  RequestTracer,
  type SpanStarter,
  share,
  startSharing,
} from '../../services/kit/requestTracer.ts';
import { SharedAttributes } from '../../services/kit/sharedAttributes.ts';

const resource = resourceFromAttributes({ 'service.name': 'test' });
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** The API's type does not know the flag of level 2, which is 2. */
function remote(flags: number): Context {
  const traceFlags = flags as TraceFlags;
  const spanContext = { traceId, spanId: '00f067aa0ba902b7', traceFlags, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

function tracers(): { name: string; tracer: SpanStarter; exporter: InMemorySpanExporter }[] {
  return ['the SDK', 'ours'].map((name) => {
    const exporter = new InMemorySpanExporter();
    const processor = new SimpleSpanProcessor({ exporter });
    const provider = new TracerProvider({ resource, spanProcessors: [processor] });
    const tracer =
      name === 'ours'
        ? new RequestTracer({ resource, scope: { name: 'x', version: '1' }, processor })
        : provider.getTracer('x', '1');
    return { name, tracer, exporter };
  });
}

/** What is exported of a span, without what is chance. */
function content(span: ReadableSpan | undefined) {
  if (span === undefined) return undefined;
  const { traceFlags, traceState } = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    // The SDK does not say that its trace ids are random; ours says so: a test of its own.
    sampled: traceFlags & TraceFlags.SAMPLED,
    traceState: traceState?.serialize(),
    parent: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    events: span.events,
    links: span.links,
    resource: span.resource.attributes,
    scope: [span.instrumentationScope.name, span.instrumentationScope.version],
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  };
}

const link = { context: { traceId, spanId: '1'.repeat(16), traceFlags: 1 } };
const error = Object.assign(new Error('no'), { code: 'ENO', stack: 'at x' });

describe('RequestTracer makes the spans that the SDK makes', () => {
  test.each<{ what: string; parent: Context; act: (span: Span) => void }>([
    { what: 'a root', parent: ROOT_CONTEXT, act: () => {} },
    { what: 'a child', parent: remote(TraceFlags.SAMPLED), act: () => {} },
    { what: 'a child of an unsampled one', parent: remote(TraceFlags.NONE), act: () => {} },
    {
      what: 'none while tracing is suppressed',
      parent: suppressTracing(ROOT_CONTEXT),
      act: () => {},
    },
    {
      what: 'one with attributes and another name',
      parent: ROOT_CONTEXT,
      act: (span) => span.setAttribute('a', 1).setAttributes({ b: 'x', c: true }).updateName('n'),
    },
    {
      what: 'one with an error',
      parent: ROOT_CONTEXT,
      act: (span) => span.setStatus({ code: SpanStatusCode.ERROR, message: 'm' }),
    },
    {
      what: 'one whose status is settled',
      parent: ROOT_CONTEXT,
      act: (span) =>
        span.setStatus({ code: SpanStatusCode.OK }).setStatus({ code: SpanStatusCode.ERROR }),
    },
    {
      what: 'one with events and links',
      parent: ROOT_CONTEXT,
      act: (span) => {
        span.addEvent('e', [100, 5]).addEvent('f', { a: 1 }, [100, 6]);
        span.recordException(error, [100, 7]);
        span.addLinks([link]).addLink(link);
      },
    },
    {
      what: 'one that is changed after its end',
      parent: ROOT_CONTEXT,
      act: (span) => {
        span.end([101, 1]);
        span.setAttribute('late', 1).addEvent('late').addLink(link).updateName('late');
        span.setStatus({ code: SpanStatusCode.ERROR });
      },
    },
  ])('$what', ({ parent, act }) => {
    const [sdk, ours] = tracers().map(({ tracer, exporter }) => {
      const span = tracer.startSpan(
        'GET',
        { kind: SpanKind.SERVER, startTime: [100, 1], attributes: { z: 0 } },
        parent,
      );
      const recording = span.isRecording();
      act(span);
      span.end([102, 3]);
      const spans = exporter.getFinishedSpans();
      return { recording, spans: spans.map(content), after: span.isRecording() };
    });
    // A link without attributes is an empty object to the SDK and absent to us: nothing on the wire.
    expect(JSON.parse(JSON.stringify(ours))).toMatchObject(
      JSON.parse(JSON.stringify(sdk), (key, value) =>
        key === 'links' ? value.map(({ context }: typeof link) => ({ context })) : value,
      ),
    );
  });
});

test('RequestTracer gives ids that are valid and new', () => {
  const ours = tracers()[1]?.tracer as SpanStarter;
  const contexts = Array.from({ length: 1000 }, () =>
    ours.startSpan('x', {}, ROOT_CONTEXT).spanContext(),
  );
  expect(contexts.every((context) => trace.isSpanContextValid(context))).toBe(true);
  expect(new Set(contexts.map(({ traceId }) => traceId)).size).toBe(1000);
  expect(new Set(contexts.map(({ spanId }) => spanId)).size).toBe(1000);
});

test.each([
  { what: 'a root', parent: ROOT_CONTEXT, want: 3 },
  { what: 'a child of a sampled random parent', parent: remote(3), want: 3 },
  { what: 'a child of a sampled parent', parent: remote(1), want: 1 },
  { what: 'a child of a random parent that is not sampled', parent: remote(2), want: 2 },
])('RequestTracer tells by a flag whether the trace id is random: $what', ({ parent, want }) => {
  const ours = tracers()[1]?.tracer as SpanStarter;
  const span = ours.startSpan('x', {}, parent);
  expect(span.spanContext().traceFlags).toBe(want);
  expect(span.isRecording()).toBe((want & TraceFlags.SAMPLED) !== 0);
});

test('RequestTracer keeps the time in order where none is given', () => {
  const { tracer, exporter } = tracers()[1] as ReturnType<typeof tracers>[number];
  tracer.startSpan('x', {}, ROOT_CONTEXT).end();
  const [span] = exporter.getFinishedSpans();
  expect(Math.abs((span?.startTime[0] ?? 0) - Date.now() / 1000)).toBeLessThan(2);
  expect(span?.duration[0]).toBe(0);
  expect(span?.duration[1]).toBeGreaterThanOrEqual(0);
});

describe('attributes that are shared are those of each span that has them', () => {
  const first = new SharedAttributes({ method: 'GET', port: 80 });
  const last = new SharedAttributes({ status: 200 });

  test.each<{ what: string; act: (span: Span) => void; want: Record<string, unknown> }>([
    { what: 'none besides', act: () => {}, want: { method: 'GET', port: 80, path: '/' } },
    {
      what: 'more at the end',
      act: (span) => share(span, last),
      want: { method: 'GET', port: 80, path: '/', status: 200 },
    },
    {
      what: 'one of its own after that',
      act: (span) => {
        share(span, last);
        span.setAttribute('a', 1);
      },
      want: { method: 'GET', port: 80, path: '/', a: 1, status: 200 },
    },
    {
      what: 'others twice',
      act: (span) => {
        share(span, last);
        share(span, new SharedAttributes({ z: 1 }));
      },
      want: { method: 'GET', port: 80, path: '/', status: 200, z: 1 },
    },
    {
      what: 'one set anew',
      act: (span) => span.setAttribute('port', 81),
      want: { method: 'GET', port: 81, path: '/' },
    },
    {
      what: 'some of both set anew',
      act: (span) => {
        share(span, last);
        span.setAttribute('status', 500).setAttributes({ method: 'PUT' });
      },
      want: { method: 'PUT', port: 80, path: '/', status: 500 },
    },
    {
      what: 'more after its end, which it does not get',
      act: (span) => {
        span.end([102, 3]);
        share(span, last);
      },
      want: { method: 'GET', port: 80, path: '/' },
    },
  ])('$what', ({ act, want }) => {
    for (const { name, tracer, exporter } of tracers()) {
      const options = { startTime: [100, 1] as HrTime, attributes: { path: '/' } };
      const span = startSharing(tracer, 'GET', first, options, ROOT_CONTEXT);
      act(span);
      span.end([102, 3]);
      expect(exporter.getFinishedSpans()[0]?.attributes, name).toEqual(want);
    }
    expect(first.values).toEqual({ method: 'GET', port: 80 });
    expect(last.values).toEqual({ status: 200 });
  });
});
