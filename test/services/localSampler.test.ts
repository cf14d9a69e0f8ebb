import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test } from 'vitest';
import { keepHeader, LocalSampler } from '../../services/kit/localSampler.ts';
import { RequestTracer, type SpanStarter } from '../../services/kit/requestTracer.ts';
import { receivedTraceState } from '../../services/kit/traceState.ts';
import { callStep, meshOf, service, startServices, startTestTelemetry, stub } from './support.ts';

/** By its last digits the first of these is sampled at one half, the second is not. */
const sampled = '1'.repeat(18) + 'f'.repeat(14);
const notSampled = '1'.repeat(18) + '0'.repeat(14);

function setUp(options: { ratio?: number; maxHeld?: number } = {}) {
  const kept: ReadableSpan[] = [];
  let sampledOut = 0;
  const sampler = new LocalSampler({
    ratio: 0.5,
    ...options,
    onSampledOut: (spans) => {
      sampledOut += spans;
    },
    next: {
      onStart() {},
      onEnd: (span) => void kept.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  });
  const owner = { resource: resourceFromAttributes({}), scope: { name: 't' }, processor: sampler };
  const tracer = new RequestTracer(owner);
  return { sampler, tracer, kept, sampledOut: () => sampledOut };
}

function request(tracer: SpanStarter, traceId: string, tracestate = '') {
  const traceState = receivedTraceState(tracestate);
  const parent = trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: '2222222222222222',
    traceFlags: 3,
    isRemote: true,
    ...(traceState && { traceState }),
  });
  const server = tracer.startSpan('GET', { kind: SpanKind.SERVER }, parent);
  const inServer = trace.setSpan(parent, server);
  return { server, client: () => tracer.startSpan('call', { kind: SpanKind.CLIENT }, inServer) };
}

const names = (spans: readonly ReadableSpan[]) => spans.map(({ name }) => name);
const thresholds = (spans: readonly ReadableSpan[]) =>
  spans.map((span) => span.spanContext().traceState?.serialize());

describe('LocalSampler', () => {
  test('holds a part until its requests have ended, then follows the trace id', () => {
    const { tracer, kept, sampledOut } = setUp();
    for (const traceId of [sampled, notSampled]) {
      const { server, client } = request(tracer, traceId);
      client().end();
      expect(kept.filter((span) => span.spanContext().traceId === traceId)).toEqual([]);
      server.end();
    }
    expect(names(kept)).toEqual(['call', 'GET']);
    expect(thresholds(kept)).toEqual(['ot=th:8', 'ot=th:8']);
    expect(sampledOut()).toBe(2);
  });

  test.each([
    { tracestate: 'ot=th:c', traceId: sampled, want: ['ot=th:c'] },
    { tracestate: 'ot=th:4', traceId: sampled, want: ['ot=th:8'] },
    { tracestate: 'ot=th:4', traceId: notSampled, want: [] },
    {
      tracestate: 'ot=rv:ffffffffffffff',
      traceId: notSampled,
      want: ['ot=th:8;rv:ffffffffffffff'],
    },
    { tracestate: 'ot=rv:00000000000000', traceId: sampled, want: [] },
  ])('follows $tracestate', ({ tracestate, traceId, want }) => {
    const { tracer, kept } = setUp();
    request(tracer, traceId, tracestate).server.end();
    expect(thresholds(kept)).toEqual(want);
  });

  test.each([
    { what: 'error.type', value: 'timeout' },
    { what: 'aftershock.timeout.verdict', value: 'spurious' },
    { what: 'aftershock.pause.overlap_ms', value: 12 },
    { what: 'aftershock.pause.role', value: 'queued' },
  ])('keeps all of a part of which one span has $what, without a threshold', ({ what, value }) => {
    const { tracer, kept } = setUp({ ratio: 0 });
    const { server, client } = request(tracer, sampled, 'ot=th:8,a=1');
    client().setAttribute(what, value).end();
    server.end();
    expect(names(kept)).toEqual(['call', 'GET']);
    expect(thresholds(kept)).toEqual(['a=1', 'a=1']);
  });

  test('keeps what failed, what is here during a pause, and what a callee keeps', () => {
    const { tracer, sampler, kept, sampledOut } = setUp({ ratio: 0 });
    const failed = request(tracer, `${notSampled.slice(0, 31)}1`).server;
    failed.setStatus({ code: SpanStatusCode.ERROR }).end();
    const here = request(tracer, `${notSampled.slice(0, 31)}2`).server;
    sampler.keepOpen();
    const later = request(tracer, `${notSampled.slice(0, 31)}3`).server;
    const told = request(tracer, `${notSampled.slice(0, 31)}4`).server;
    sampler.keep(told.spanContext().traceId);
    expect([here, later, told].map((span) => sampler.keepsAnswered(span, 200))).toEqual([
      true,
      false,
      true,
    ]);
    expect(sampler.keepsAnswered(later, 404)).toBe(false);
    for (const span of [here, later, told]) span.end();
    expect(kept.map((span) => span.spanContext().traceId.at(-1))).toEqual(['1', '2', '4']);
    expect(sampledOut()).toBe(1);
  });

  test('takes a wait for the work of a pause if it is long, or just after one', () => {
    const { tracer, sampler } = setUp({ ratio: 0 });
    const keeps = (waitMs: number) => {
      const { server } = request(tracer, sampled);
      const kept = sampler.keepsAnswered(
        server.setAttribute('aftershock.server.wait_ms', waitMs),
        200,
      );
      server.end();
      return kept;
    };
    expect([keeps(3), keeps(30)]).toEqual([false, true]);
    sampler.keepOpen();
    expect([keeps(3), keeps(30)]).toEqual([true, true]);
  });

  test('gives a span that ends after the decision the same, unless it matters itself', () => {
    const { tracer, kept } = setUp();
    for (const traceId of [sampled, notSampled]) {
      const { server, client } = request(tracer, traceId);
      const [plain, failed] = [client(), client()];
      server.end();
      plain.end();
      failed.setAttribute('error.type', 'timeout').end();
    }
    const traces = kept.map((span) => span.spanContext().traceId);
    expect(traces).toEqual([sampled, sampled, sampled, notSampled]);
  });

  test('holds no more than its bound, and decides the oldest first', () => {
    const { tracer, kept } = setUp({ ratio: 1, maxHeld: 10 });
    for (let i = 0; i < 100; i++) {
      const { client } = request(tracer, i.toString(16).padStart(32, 'a'));
      client().end(); // its request never ends
    }
    expect(kept.length).toBeGreaterThanOrEqual(90);
  });

  test('decides everything at its end', async () => {
    const { tracer, sampler, kept } = setUp({ ratio: 1 });
    request(tracer, sampled).client().end();
    await sampler.shutdown();
    expect(names(kept)).toEqual(['call']);
  });
});

describe('a response header', () => {
  const telemetry = startTestTelemetry();
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await telemetry.stop();
  });

  test('tells each waiting caller on the way back that its part is to be kept', async () => {
    const { sampler, tracer, kept } = setUp({ ratio: 0 });
    let asks = 0;
    const callee = await stub((_req, res) => {
      if (++asks === 2) res.setHeader(keepHeader, '1');
      res.end('{}');
    });
    stops.push(() => callee.server.close());
    const mesh = meshOf({
      gateway: service('gateway', { script: [callStep('relay')] }),
      relay: service('relay', { script: [callStep('callee')] }),
      callee: service('relay'),
    });
    const running = await startServices(
      mesh,
      ['relay', 'gateway'],
      { ...telemetry.telemetry, tracer, sampler },
      { peers: { callee: callee.url } },
    );
    stops.push(...Object.values(running).map(({ stop }) => stop));
    const answers = [];
    for (let i = 1; i <= 3; i++) {
      const response = await fetch(`${running.gateway?.url}/users/${i}`);
      answers.push(response.headers.get(keepHeader));
      await response.text();
    }
    expect(answers).toEqual([null, '1', null]);
    expect(kept.map(({ kind }) => kind).toSorted()).toEqual([1, 1, 2, 2]);
  });
});
