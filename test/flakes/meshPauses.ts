import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../lab/launch/stage.ts';
import type { PauseOrder } from '../../services/kit/protocol.ts';

const kinds = ['gc', 'block', 'freeze'] as const;

/** Pauses made, by kind; refused are collections too short for the heap as it is just then. */
export type PauseCounts = Record<(typeof kinds)[number] | 'refused', number>;

/**
 * Makes pauses of 50 to 150 ms in services chosen at random, one after the other, until `signal`
 * aborts: less than any time-out of the mesh, so that no request may fail.
 * @param random from 0 to below 1.
 * @throws {Error} if a service does not make the pause that it was asked for.
 */
export async function pauseServices(
  stage: Stage,
  random: () => number,
  signal: AbortSignal,
): Promise<PauseCounts> {
  const counts: PauseCounts = { gc: 0, block: 0, freeze: 0, refused: 0 };
  const services = [...stage.services.values()];
  const oneOf = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  while (!signal.aborted) {
    const { name, adminUrl } = oneOf(services);
    const kind = oneOf(kinds);
    const durationMs = Math.round(50 + 100 * random());
    const order = { kind, durationMs, phase: 'poll' } satisfies PauseOrder;
    const response = await fetch(`${adminUrl}/pauses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    const answer = await response.text();
    if (response.ok) counts[kind]++;
    else if (kind === 'gc' && answer.includes('too short')) counts.refused++;
    else throw new Error(`${name} made no pause (${kind}): ${answer}`);
    await sleep(50 + 250 * random(), undefined, { signal }).catch(() => {});
  }
  return counts;
}
