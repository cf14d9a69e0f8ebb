import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../lab/launch/stage.ts';
import type { PauseOrder } from '../../services/kit/protocol.ts';

export const kinds = ['gc', 'block', 'freeze'] as const;
/** The tests pause the others themselves. */
const paused = ['gateway', 'auth'];

/**
 * Makes pauses of 50 to 150 ms in services chosen at random, one after the other, until `signal`
 * aborts: less than any time-out of the chain, so that no request of it may fail.
 * @param random from 0 to below 1.
 * @throws {Error} if a service does not make the pause that it was asked for; a collection that is
 *   too short for the heap as it is just then may be refused.
 */
export async function pauseServices(
  stage: Stage,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  const oneOf = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  while (!signal.aborted) {
    const { name, adminUrl } = stage.service(oneOf(paused));
    const kind = oneOf(kinds);
    const durationMs = Math.round(50 + 100 * random());
    const order = { kind, durationMs, phase: 'poll' } satisfies PauseOrder;
    const response = await fetch(`${adminUrl}/pauses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    const answer = await response.text();
    if (!response.ok && !(kind === 'gc' && answer.includes('too short'))) {
      throw new Error(`${name} made no pause (${kind}): ${answer}`);
    }
    await sleep(50 + 250 * random(), undefined, { signal }).catch(() => {});
  }
}
