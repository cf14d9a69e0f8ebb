import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, onTestFinished, test } from 'vitest';
import type { Call } from '../../mesh/mesh.ts';
import { answerSentMicros } from '../../pauses/attribution/answerSent.ts';
import { unixMs } from '../../pauses/clock.ts';
import { createCaller } from '../../services/kit/call.ts';
import { RequestTracer } from '../../services/kit/requestTracer.ts';
import { stub } from './support.ts';

const call: Call = {
  to: 'callee',
  timeout: 30_000,
  deadline: null,
  retries: 0,
  recheck: false,
  backoff: { base: 1, factor: 1, jitter: 0 },
};

test('a call says of an answer that took much longer than others when it was sent', async () => {
  const header = (agoMs: number) => String(Math.round(1000 * (unixMs() - agoMs)));
  // By a clock 5 s behind: what all answers take is nobody's wait.
  const sent = [() => header(5000), () => header(35_000), () => ''];
  const told: string[] = [];
  const server = await stub((_request, response) => {
    const text = sent[told.length]?.() ?? '';
    told.push(text);
    response.setHeader('x-sent-unix-us', text).end('{}');
  });
  onTestFinished(() => void server.server.close());
  const spans: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const resource = resourceFromAttributes({});
  const tracer = new RequestTracer({ resource, scope: { name: 'test' }, processor });
  const caller = createCaller(tracer, Math.random, null);
  onTestFinished(() => caller.stop());
  const request = caller.prepare(call, { index: 0, baseUrl: server.url, route: '/users/:id' });
  for (let id = 0; id < 3; id++) {
    await request({ id, authorization: undefined, deadlineUnixMs: null });
  }
  expect(spans.map((span) => answerSentMicros(span))).toEqual([null, Number(told[1]), null]);
});
