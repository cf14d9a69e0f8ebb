import { expect, test } from 'vitest';
import { settle, type Trace } from '../../../traces/index.ts';
import { traceMatchers } from '../../../traces/vitest/index.ts';
import { ask, askDuring, traces } from './mesh.ts';

expect.extend(traceMatchers);

const call = { service: 'impatient', kind: 'client' } as const;
const timeoutNano = 100_000_000n;
/** From the start of the call's span to the start of its time-out: connecting, without a core. */
const marginNano = 50_000_000n;

/** Pauses store until a first attempt has had its whole time-out within the pause. */
async function timedOut(): Promise<Trace> {
  for (let tries = 1; ; tries++) {
    const order = { kind: 'block', durationMs: 300 };
    const { pause, sent } = await askDuring('store', order, () => ask('impatient', '/relay/1'));
    for (const header of sent) {
      const trace = await settle(traces, header);
      const [first] = trace.filter(call);
      const at = first?.span.startUnixNano ?? 0n;
      if (at > pause.startUnixNano && at + timeoutNano + marginNano < pause.endUnixNano) {
        return trace;
      }
    }
    if (tries === 10) throw new Error(`No request reached store during ${tries} pauses`);
  }
}

test('an attempt that a pause outlasts is made again, and the last one succeeds', async () => {
  const trace = await timedOut();
  expect(trace).toHaveRetries({ of: call });
  const [first] = trace.filter(call);
  expect(first).toHaveStatus('error');
  expect(trace.filter(call).at(-1)).toHaveStatus('unset');
  expect(trace.root).toHaveStatus('unset');
  expect(trace).toHaveNoOrphans();
  // Between the attempts it waits, and nobody else is under way for it.
  expect(trace).toHaveCriticalPath([{ service: 'impatient', kind: 'server' }]);
});

test('a call that is answered is not made again', async () => {
  const trace = await settle(traces, await ask('gateway', '/users/6'));
  expect(trace).not.toHaveRetries();
  expect(trace).toCallService('auth', { from: 'gateway', times: 1 });
});
