import { JaegerSource, newTraceParent, settle, type Trace } from 'aftershock/traces';
import { traceMatchers } from 'aftershock/vitest';
import { describe, expect, test } from 'vitest';

expect.extend(traceMatchers);

// Where `npm run aftershock -- up` and `docker compose up` have them.
const gateway = process.env.GATEWAY_URL ?? 'http://127.0.0.1:8080';
const traces = new JaegerSource(process.env.TRACES_URL ?? 'http://127.0.0.1:16686');

/** Asks for a user; gives the answer's status and the request's trace, once it is whole. */
async function askFor(id: number | string): Promise<{ status: number; trace: Trace }> {
  const traceparent = newTraceParent();
  const tracestate = 'shop=blue';
  const response = await fetch(`${gateway}/users/${id}`, { headers: { traceparent, tracestate } });
  await response.text();
  return { status: response.status, trace: await settle(traces, traceparent) };
}

// Each request has a trace of its own, so the tests may run at once.
describe.concurrent('the mesh', () => {
  test('a user is asked for once, through all services', async () => {
    const { status, trace } = await askFor(1);
    expect(status).toBe(200);
    expect(trace).toHaveSpanTree({
      service: 'gateway',
      kind: 'server',
      name: 'GET /users/:id',
      children: [
        {
          service: 'gateway',
          kind: 'client',
          children: [
            {
              service: 'auth',
              kind: 'server',
              children: [{ kind: 'client', children: [{ service: 'user', kind: 'server' }] }],
            },
          ],
        },
      ],
    });
    expect(trace).toCallService('auth', { from: 'gateway', times: 1 });
    expect(trace).toCallService('user', { from: 'auth', times: 1 });
    expect(trace).toHaveNoRepeatedCalls();
    expect(trace).toHaveNoOrphans();
    expect(trace).toHaveNoMissingServerSpans();
  });

  test('it is user that takes the time', async () => {
    const { trace } = await askFor(2);
    expect(trace).toHaveCriticalPath([{ service: 'user', kind: 'server' }]);
  });

  test('the tracestate reaches every service', async () => {
    const { trace } = await askFor(3);
    expect(trace).toCarryTracestate({ shop: 'blue' });
    // Each service renews its own member before it calls the next.
    const at = { service: /auth|user/, kind: 'server' } as const;
    expect(trace).toCarryTracestate({ aftershock: /^h:\d+;t:\d+$/ }, { at });
  });

  test('an unknown user is a failed call for those who asked, not for user itself', async () => {
    const { status, trace } = await askFor(999_999_999);
    expect(status).toBe(404);
    const user = trace.find({ service: 'user', kind: 'server' });
    expect(user).toHaveAttributes({ 'http.response.status_code': 404 });
    expect(user).toHaveStatus('unset');
    expect(trace.find({ service: 'auth', kind: 'client' })).toHaveStatus('error');
    expect(trace).not.toHaveRetries();
  });

  test('nothing that is no number is looked up', async () => {
    const { trace } = await askFor('nobody');
    expect(trace).not.toHaveSpan('SELECT users');
  });
});
