import type { Run } from '../run.ts';

/** Where the spans of one process went. */
export interface SpanLedger {
  readonly service: string;
  /** null: the process ended without a last word. */
  readonly ended: number | null;
  /**
   * Accepted by the embedded collector; of a run against a stack outside: answered by its query
   * API when the run was over. null: nobody could be asked.
   */
  readonly stored: number | null;
  /** Given up by the process, and counted there. */
  readonly dropped: number | null;
  /** Ended, and neither stored nor counted as dropped by anybody; null: cannot be told. */
  readonly lost: number | null;
  /** Stored more often than ended: sent again after an answer got lost. */
  readonly twice: number | null;
}

export function spanLedger(run: Run): SpanLedger[] {
  const accepted = run.outside?.storedByService ?? run.collector?.acceptedByService;
  return Object.entries(run.spans).map(([service, account]) => {
    const stored = accepted ? (accepted[service] ?? 0) : null;
    const missing = account && stored !== null ? account.ended - account.dropped - stored : null;
    return {
      service,
      ended: account?.ended ?? null,
      stored,
      dropped: account?.dropped ?? null,
      lost: missing === null ? null : Math.max(0, missing),
      twice: missing === null ? null : Math.max(0, -missing),
    };
  });
}
