export type StageState =
  /** As it should be. */
  | 'ok'
  | 'wrong'
  /** Could not be looked at, or is not part of this stack. */
  | 'skipped';

/** What a stage should have done, what it did, what a person can do about it: sentences. */
export interface Finding {
  /** In a few words, where the stage's line has too many. */
  readonly title?: string;
  readonly expected: string;
  readonly came: string;
  readonly todo: string;
}

/** One stage of the way from client to store, as one line tells it. */
export interface Stage {
  readonly name: string;
  /** Where it is; empty for one that has no address of its own. */
  readonly at: string;
  readonly state: StageState;
  readonly seen: string;
  /** Where something is wrong. */
  readonly finding?: Finding;
}

export interface Diagnosis {
  readonly traceId: string;
  /** On the canary's way. */
  readonly stages: readonly Stage[];
  /** The first stage that is wrong; null if none is. */
  readonly firstWrong: Stage | null;
}

export function ok(name: string, at: string, seen: string): Stage {
  return { name, at, state: 'ok', seen };
}

export function skipped(name: string, at: string, seen: string): Stage {
  return { name, at, state: 'skipped', seen };
}

export function wrong(name: string, at: string, seen: string, finding: Finding): Stage {
  return { name, at, state: 'wrong', seen, finding };
}
