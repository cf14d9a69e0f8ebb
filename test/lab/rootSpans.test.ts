import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { hrTimeToNanoseconds, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outcome } from '../../lab/load/generator.ts';
import { rootSpans } from '../../lab/load/rootSpans.ts';

const exporter = new InMemorySpanExporter();

beforeEach(() => {
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

afterEach(() => {
  trace.disable();
  propagation.disable();
  context.disable();
  exporter.reset();
});

/** Milliseconds of `performance.now()` of a span's time; exact to what a double can hold. */
function nowMs(time: [number, number]): number {
  return hrTimeToNanoseconds(time) / 1e6 - performance.timeOrigin;
}

const answered = {
  intendedMs: 1000.25,
  sentMs: 1001.75,
  endMs: 1010.5,
  answerSentUnixMs: null,
};

test.each<{ what: string; outcome: Outcome; attributes: object; status: SpanStatusCode }>([
  {
    what: 'an answer',
    outcome: { ...answered, status: 200, errorType: null },
    attributes: { 'http.response.status_code': 200, 'aftershock.load.late_ms': 1.5 },
    status: SpanStatusCode.UNSET,
  },
  {
    what: 'an error status',
    outcome: { ...answered, status: 503, errorType: '503' },
    attributes: { 'http.response.status_code': 503, 'error.type': '503' },
    status: SpanStatusCode.ERROR,
  },
  {
    what: 'a time-out',
    outcome: { ...answered, status: null, errorType: 'timeout' },
    attributes: { 'error.type': 'timeout', 'aftershock.load.late_ms': 1.5 },
    status: SpanStatusCode.ERROR,
  },
  {
    what: 'a request that was not sent',
    outcome: { ...answered, sentMs: null, status: null, errorType: 'dropped' },
    attributes: { 'error.type': 'dropped' },
    status: SpanStatusCode.ERROR,
  },
])('rootSpans() of $what: from the intended time to the end', ({ outcome, attributes, status }) => {
  const observer = rootSpans('pauses', 'http://127.0.0.1:8080', '/users/{id}');
  const { headers, end } = observer.begin(outcome.intendedMs, '/users/42');
  end(outcome);

  const [span, ...others] = exporter.getFinishedSpans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({ name: 'GET /users/{id}', status: { code: status } });
  expect(span?.parentSpanContext).toBeUndefined();
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'url.full': 'http://127.0.0.1:8080/users/42',
    'url.template': '/users/{id}',
    'server.address': '127.0.0.1',
    'server.port': 8080,
    'aftershock.load.phase': 'pauses',
    ...(outcome.sentMs !== null && { 'aftershock.load.late_ms': 1.5 }),
    ...attributes,
  });
  expect(nowMs(span?.startTime ?? [0, 0])).toBeCloseTo(outcome.intendedMs, 2);
  expect(nowMs(span?.endTime ?? [0, 0])).toBeCloseTo(outcome.endMs, 2);
  const { traceId, spanId } = span?.spanContext() ?? {};
  expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
});

test('rootSpans() says of an answer that came late how long it was on its way, and lay here', () => {
  const idle = { mark: vi.fn(), lastIdleMs: 1010.4, coreWaitMs: () => 3 };
  const observer = rootSpans('pauses', 'http://127.0.0.1:8080', '/users/{id}', idle);
  for (const tookMs of [0.5, 8]) {
    const answerSentUnixMs = performance.timeOrigin + answered.endMs - tookMs;
    const outcome = { ...answered, answerSentUnixMs, status: 200, errorType: null };
    observer.begin(outcome.intendedMs, '/users/42').end(outcome);
  }
  const [usual, late] = exporter.getFinishedSpans().map(({ attributes }) => attributes);
  expect(Object.keys(usual ?? {}).filter((key) => key.includes('client'))).toEqual([]);
  expect(late?.['aftershock.client.busy_ms']).toBeCloseTo(3.1, 2);
  expect(late?.['aftershock.client.busy_core_ms']).toBeCloseTo(3, 2);
  expect(late?.['aftershock.client.transit_ms']).toBeCloseTo(8 - 3.1, 2);
  expect(idle.mark).toHaveBeenCalledTimes(4);
});
