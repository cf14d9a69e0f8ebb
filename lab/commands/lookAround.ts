import type { Mesh } from '../../mesh/mesh.ts';
import type { Stage } from '../launch/stage.ts';
import type { Progress } from '../progress.ts';
import { addressLines } from './addresses.ts';

/**
 * Shows where everything is, waits until the person interrupts or something breaks, then stops it.
 * What breaks is told by whoever aborts `broken`.
 * @returns what went wrong, as sentences.
 */
export async function lookAround(options: {
  readonly mesh: Mesh;
  readonly stage: Stage;
  readonly progress: Progress;
  readonly interrupted: AbortSignal;
  /** Aborts when a process ends by itself; its reason, an `Error`, says so. */
  readonly broken: AbortSignal;
}): Promise<string[]> {
  const { mesh, stage, progress, interrupted, broken } = options;
  progress.say('');
  for (const line of addressLines(mesh, stage)) progress.say(line);
  progress.say('\nCtrl-C ends it.');
  const end = AbortSignal.any([interrupted, broken]);
  if (!end.aborted) {
    await new Promise((resolve) => end.addEventListener('abort', resolve, { once: true }));
  }
  const failures = broken.aborted ? [(broken.reason as Error).message] : [];
  progress.say('Stopping …');
  const stopFailures = await stage.stop();
  for (const failure of stopFailures) progress.say(failure);
  return [...failures, ...stopFailures];
}
