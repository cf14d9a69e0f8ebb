import { describe, expect, test } from 'vitest';
import { settle, type Trace } from '../../../traces/index.ts';
import { traceMatchers } from '../../../traces/vitest/index.ts';
import { ask, askDuring, type MadePause, traces } from './mesh.ts';

expect.extend(traceMatchers);

const ms = 1_000_000n;
/**
 * Long enough that a request gets there meanwhile though no core is free, and longer than a
 * collection takes without any ballast.
 */
const pauseMs = 300;
/** Of the edges of a pause as they are detected. */
const toleranceMs = 2;
/**
 * So much of the pause must be over, and twice as much left, when a request is sent to the paused
 * service: at the edges it may be begun before the pause, or wait as long for a core as for its end.
 */
const edgeNano = 30n * ms;
/**
 * So much of what the request waited may be charged to somebody else: cores are short, and who is
 * stopped or starved at the same time has its share.
 */
const sharedMs = 30;

/**
 * When auth sent the request to user, by its stamp; null: auth itself was paused for too long before
 * the request can have left it. Short pauses it always has, where no core is free.
 */
function sentUnixNano(trace: Trace): bigint | null {
  const call = trace.find({ service: 'auth', kind: 'client' });
  const [, micros] = /aftershock=h:\d+;t:(\d+)/.exec(
    trace.find({ service: 'user', kind: 'server' }).span.traceState,
  ) as RegExpExecArray;
  const sent = BigInt(micros as string) * 1000n;
  const pausedMs = call.span.events
    .filter(({ name, timeUnixNano }) => name === 'pause' && timeUnixNano < sent + edgeNano)
    .reduce((sum, { attributes }) => sum + Number(attributes['aftershock.pause.overlap_ms']), 0);
  return pausedMs > sharedMs / 2 ? null : sent;
}

/** Pauses user until a request has been sent to it well within the pause. */
async function hitBy(kind: string): Promise<{ pause: MadePause; trace: Trace; sent: bigint }> {
  for (let tries = 1; ; tries++) {
    const { pause, sent } = await askDuring('user', { kind, durationMs: pauseMs }, () =>
      ask('gateway', '/users/4'),
    );
    for (const trace of await Promise.all(sent.map((header) => settle(traces, header)))) {
      const at = sentUnixNano(trace);
      const { startUnixNano, endUnixNano } = pause;
      if (at !== null && at > startUnixNano + edgeNano && at < endUnixNano - 2n * edgeNano) {
        return { pause, trace, sent: at };
      }
    }
    if (tries === 10) throw new Error(`No request reached user during ${tries} pauses`);
  }
}

// They wait for each other where the pause is made, and for nobody when they read their traces.
describe.concurrent.each([
  { kind: 'gc', detected: 'gc' },
  // A thread that computes without a core of its own waits for one, and may do so for most of the time.
  { kind: 'block', detected: /^(block|starved)$/ },
  { kind: 'freeze', detected: 'freeze' },
])('a $kind of user', ({ kind, detected }) => {
  test('is blamed by whom it hit, and not by whom was answered before', async () => {
    const before = await ask('gateway', '/users/3');
    const { pause, trace, sent } = await hitBy(kind);
    const waitedMs = Number(pause.endUnixNano - sent) / 1e6;
    expect(trace).toAttributePause({ service: 'user', kind: detected });
    expect(trace).toAttributePause({
      service: 'user',
      minMs: waitedMs - sharedMs,
      toleranceMs,
    });
    expect(trace.find({ service: 'user', kind: 'server' })).toHaveAttributes({
      'aftershock.pause.role': 'hit',
    });
    expect(trace).toHaveSpan({ service: 'user', name: 'server.queue' });
    expect(trace).toHaveCriticalPath([{ service: 'user', name: 'server.queue' }]);
    expect(trace).toCarryTracestate(
      { aftershock: /^h:\d+;t:\d+$/ },
      { at: { service: /auth|user/, kind: 'server' } },
    );
    expect(trace).not.toHaveRetries();
    // Work on the heap before a collection blocks, too.
    if (kind === 'block') return;
    const early = await settle(traces, before);
    expect(early).not.toAttributePause({ service: 'user', kind, minMs: 100 });
  });
});
