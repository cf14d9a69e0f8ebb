import { afterEach, describe, expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { EndedSpans } from '../../services/kit/endedSpans.ts';
import { settle } from '../../traces/settle.ts';
import { countedByServices } from '../../traces/source/countedByServices.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { TraceUnavailableError } from '../../traces/traceIncompleteError.ts';
import { newTraceParent, parseTraceParent } from '../../traces/traceparent.ts';
import { launch, ready } from './serviceProcess.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function userService(endedSpans: 'on' | 'off') {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  stops.push(() => collector.stop());
  const user = launch('user', 'mesh/chain.yaml', {
    OTEL_SDK_DISABLED: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '300',
    AFTERSHOCK_ENDED_SPANS: endedSpans,
  });
  stops.push(async () => {
    user.child.kill('SIGTERM');
    await user.ended;
  });
  const { url, adminUrl } = await ready(user);
  const source = countedByServices(new JaegerSource(collector.queryUrl), { user: adminUrl });
  return { url, source };
}

test('a service says how many spans of a trace it has ended, and settle() waits for them', async () => {
  const { url, source } = await userService('on');
  const traceparents = Array.from({ length: 5 }, newTraceParent);
  for (const traceparent of traceparents) {
    await (await fetch(`${url}/users/1`, { headers: { traceparent } })).text();
  }
  for (const traceparent of traceparents) {
    const { traceId } = parseTraceParent(traceparent);
    // The exporter still holds the spans: only the service knows of them.
    const trace = await settle(source, traceparent, { quietMs: 0 });
    expect(await source.endedSpans?.(traceId)).toEqual({ user: trace.spans.length });
    expect(trace.spans.length).toBeGreaterThan(0);
    expect(trace.options.link).toContain(traceId);
  }
  expect(await source.endedSpans?.('f'.repeat(32))).toEqual({ user: 0 });
});

test('a service that does not count makes the trace unavailable, and says what to set', async () => {
  const { source } = await userService('off');
  const failure = settle(source, newTraceParent(), { timeoutMs: 1 });
  await expect(failure).rejects.toBeInstanceOf(TraceUnavailableError);
  await expect(source.endedSpans?.('f'.repeat(32))).rejects.toMatchObject({
    trouble: 'malformed',
    message: expect.stringMatching(/not of the admin API of user: .+AFTERSHOCK_ENDED_SPANS=on/),
  });
});

describe('EndedSpans', () => {
  test('counts by trace and forgets the oldest', () => {
    const ended = new EndedSpans(2);
    for (const traceId of ['a', 'b', 'b', 'a', 'c']) ended.add(traceId);
    expect(['a', 'b', 'B', 'c', 'd'].map((traceId) => ended.of(traceId))).toEqual([0, 2, 2, 1, 0]);
  });
});
