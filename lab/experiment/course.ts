import type { Mesh } from '../../mesh/mesh.ts';
import type { Stage } from '../launch/stage.ts';
import type { Progress } from '../progress.ts';
import type { RunPhase } from '../run.ts';

/** What the parts of a running experiment share. */
export interface Course {
  readonly mesh: Mesh;
  readonly stage: Stage;
  readonly progress: Progress;
  /** Aborts when the experiment is to end early; its reason is an `Error` that says why. */
  readonly signal: AbortSignal;
  /** Those that have ended, also early. */
  readonly phases: RunPhase[];
  /** What is going on since when, for the account of a failure; null once all is measured. */
  doing: { readonly name: string; readonly sinceUnixMs: number } | null;
}
