import { describe, expect, test } from 'vitest';
import { countedByServices, settle } from '../../../traces/index.ts';
import { traceMatchers } from '../../../traces/vitest/index.ts';
import { adminUrls, ask, traces } from './mesh.ts';

expect.extend(traceMatchers);

/** A lookup's spans by service, without those that pauses add. */
const ended = { gateway: 2, auth: 2, user: 2 };
const { gateway = '', auth = '', user = '' } = adminUrls;
const counted = countedByServices(traces, { gateway, auth, user });

describe.concurrent('settle()', () => {
  test('by count: every span is there that the services have ended', async () => {
    const traceparent = await ask('gateway', '/users/7');
    const trace = await settle(counted, traceparent, { quietMs: 0 });
    for (const [service, spans] of Object.entries(ended)) {
      const own = trace.filter({ service }).filter(({ span }) => span.name !== 'server.queue');
      expect(own, service).toHaveLength(spans);
    }
    // A leaf of which no other span tells.
    expect(trace).toHaveSpan({ service: 'user', name: 'SELECT users' });
  });

  test('by count: what is not there was not done', async () => {
    const trace = await settle(counted, await ask('gateway', '/users/nobody', 400), { quietMs: 0 });
    expect(trace).not.toHaveSpan('SELECT users');
    expect(trace).not.toHaveSpan({ service: 'user' });
  });

  test('by structure: every parent, and the server span of every call', async () => {
    const trace = await settle(traces, await ask('gateway', '/users/8'));
    expect(trace.services.toSorted()).toEqual(['auth', 'gateway', 'user']);
    expect(trace).toHaveNoOrphans();
    expect(trace).toHaveNoMissingServerSpans();
    expect(trace).toHaveNoRepeatedCalls();
  });

  test('by what the test expects', async () => {
    const trace = await settle(traces, await ask('gateway', '/users/999999999', 404), {
      expect: (seen) => expect(seen).toHaveSpan({ service: 'user', name: 'SELECT users' }),
    });
    expect(trace.find({ service: 'auth', kind: 'client' })).toHaveStatus('error');
    expect(trace).toHaveSpan({ service: 'user', kind: 'server' });
  });
});
