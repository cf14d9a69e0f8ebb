import { type DiagLogger, diag } from '@opentelemetry/api';
import { type Clock, systemClock } from '../clock.ts';
import { type CollectionLog, startCollectionLog } from './collectionLog.ts';
import type { DetectedPause, PauseDetector } from './detectedPause.ts';
import { type Heartbeat, type LateBeat, startHeartbeat } from './heartbeat.ts';
import { judge } from './judge.ts';
import { type Gap, LoopWatch } from './loopWatch.ts';
import { quotaFiles } from './quotaFiles.ts';
import { type ThreadAccount, type ThreadAccounts, threadAccounts } from './threadAccount.ts';

export interface PauseDetectorOptions {
  /** Shorter pauses are not reported. Default 10. */
  readonly minimumMs?: number;
  /** How often each of both threads looks. Default 10. */
  readonly idleTickMs?: number;
  /** How often the main thread looks while requests are in flight. Default 2. */
  readonly busyTickMs?: number;
  readonly clock?: Clock;
  /** Told what cannot be seen here, and what failed. Default: OpenTelemetry's. */
  readonly logger?: Pick<DiagLogger, 'info' | 'warn' | 'error'>;
}

/** For so long after the last request it looks as often as before: another may come soon. */
const LINGER_MS = 50;
/** What the other thread may take to say whether it was stopped, too, before it is left out. */
const EVIDENCE_LIMIT_MS = 40;
/** Gaps that wait for evidence. Each takes at least `minimumMs`: more than fit into the limit. */
const MOST_PENDING = 1000;
const MOST_RESTARTS = 3;
/** Late beats that are kept as evidence. */
const BEATS_KEPT_MS = 1000;

/** A gap whose evidence is not complete yet. */
interface Pending {
  readonly gap: Gap;
  readonly before: ThreadAccount & { readonly throttledMs: number };
  readonly after: ThreadAccount;
  readonly toleranceMs: number;
}

/** Sees the pauses of the thread that calls this. What kinds it knows is said by {@link classify}. */
export function pauseDetector(options: PauseDetectorOptions = {}): PauseDetector {
  const minimumMs = options.minimumMs ?? 10;
  const idleTickMs = options.idleTickMs ?? 10;
  const busyTickMs = options.busyTickMs ?? 2;
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? diag;
  const listeners = new Set<(pause: DetectedPause) => void>();
  const { nodeTiming } = performance;
  /** From milliseconds of `performance.now()` to the monotonic clock. */
  const originNano = clock.monotonicNano() - toNano(performance.now());

  let running: Promise<void> | null = null;
  let parts: Parts | null = null;
  let sequence = 0;
  let requests = 0;
  let busyUntilMs = 0;
  let tickMs = idleTickMs;
  let pending: Pending[] = [];
  /** Collections that ended before are known. */
  let collectedMs = 0;
  let checkAskedMs: number | null = null;

  const watch = new LoopWatch({
    nowMs: () => performance.now(),
    idleMs: () => nodeTiming.idleTime,
    minimumMs,
    onGap,
  });

  function onGap(gap: Gap): void {
    if (parts === null) return;
    const { accounts, heartbeat } = parts;
    const after = accounts.read();
    if (pending.length >= MOST_PENDING) pending.shift();
    pending.push({ gap, before: parts.account, after, toleranceMs: tickMs + 1 });
    parts.account = { ...after, throttledMs: heartbeat?.throttledMs ?? 0 };
    heartbeat?.wake();
    askForCheck();
  }

  /** V8 tells of a collection before this turn's callbacks of `setImmediate`. */
  function askForCheck(): void {
    if (checkAskedMs !== null) return;
    checkAskedMs = performance.now();
    setImmediate(() => {
      collectedMs = Math.max(collectedMs, checkAskedMs ?? 0);
      checkAskedMs = null;
      settle();
    }).unref();
  }

  function settle(): void {
    if (parts === null) return;
    const { heartbeat, collections, lateBeats } = parts;
    if (heartbeat) lateBeats.push(...heartbeat.takeLate());
    const nowMs = performance.now();
    while (pending[0] !== undefined) {
      const { gap, before, after, toleranceMs } = pending[0];
      if (gap.endMs > collectedMs) break;
      const beaten = heartbeat?.beating === true && heartbeat.beatMs >= gap.endMs;
      if (!beaten && heartbeat?.beating && nowMs < gap.endMs + EVIDENCE_LIMIT_MS) break;
      pending.shift();
      const throttledMs = parts.hasQuota
        ? (heartbeat?.throttledMs ?? 0) - before.throttledMs
        : null;
      const judged = judge(
        gap,
        collections.collections(),
        beaten ? lateBeats : null,
        {
          processCpuMs: minus(after.processCpuMs, before.processCpuMs),
          mainThreadCpuMs: minus(after.mainThreadCpuMs, before.mainThreadCpuMs),
          runDelayMs: minus(after.runDelayMs, before.runDelayMs),
          throttledMs,
        },
        toleranceMs,
      );
      const startUnixNano = unixNano(judged.startMs);
      emit({
        sequence: ++sequence,
        kind: judged.kind,
        startUnixNano,
        endUnixNano: startUnixNano + toNano(judged.endMs - judged.startMs),
        evidence: judged.evidence,
      });
    }
    const neededFromMs = pending[0]?.gap.earliestMs ?? watch.seenMs - 2 * idleTickMs;
    collections.forget(neededFromMs);
    const keepFromMs = neededFromMs - BEATS_KEPT_MS;
    while (lateBeats[0] !== undefined && lateBeats[0].atMs < keepFromMs) lateBeats.shift();
  }

  function emit(pause: DetectedPause): void {
    for (const listener of listeners) {
      try {
        listener(pause);
      } catch (error) {
        logger.error(`Pause ${pause.sequence} (${pause.kind}) could not be handled`, error);
      }
    }
  }

  function tick(): void {
    if (parts === null) return;
    const beforeMs = watch.seenMs;
    const nowMs = performance.now();
    const busy = requests > 0 || nowMs < busyUntilMs || pending.length > 0;
    arm(busy ? busyTickMs : idleTickMs);
    watch.tick(tickMs);
    const { accounts, heartbeat } = parts;
    parts.account = { ...accounts.read(), throttledMs: heartbeat?.throttledMs ?? 0 };
    // There was a turn's end since the loop was last seen.
    collectedMs = Math.max(collectedMs, beforeMs);
    settle();
  }

  function arm(inMs: number): void {
    if (parts === null) return;
    tickMs = inMs;
    clearTimeout(parts.timer);
    parts.timer = setTimeout(tick, inMs).unref();
  }

  async function begin(): Promise<void> {
    const quota = quotaFiles();
    const accounts = threadAccounts();
    const made: Parts = {
      accounts,
      account: { ...accounts.read(), throttledMs: 0 },
      collections: startCollectionLog(),
      heartbeat: null,
      lateBeats: [],
      hasQuota: quota !== null,
      timer: undefined,
    };
    parts = made;
    if (made.account.runDelayMs === null) {
      logger.info(
        `Pauses: on ${process.platform} neither "starved" nor "throttled" can be told from others`,
      );
    }
    let restarts = 0;
    const beat = () => {
      made.heartbeat = startHeartbeat({
        periodMs: idleTickMs,
        quota,
        onDeath(reason) {
          made.heartbeat = null;
          if (parts !== made) return;
          const again = restarts++ < MOST_RESTARTS;
          logger.warn(
            `Pauses: the thread that tells a stopped process from a blocked one died (${reason}); ` +
              (again ? 'it is started again' : 'from now on the two are told as "unknown"'),
          );
          if (again) beat();
        },
      });
    };
    beat();
    collectedMs = performance.now();
    watch.reset(idleTickMs);
    arm(idleTickMs);
  }

  function unixNano(ms: number): bigint {
    return clock.unixNano(originNano + toNano(ms));
  }

  return {
    start() {
      running ??= begin();
      return running;
    },
    async stop() {
      running = null;
      const stopped = parts;
      if (stopped === null) return;
      settle();
      parts = null;
      pending = [];
      clearTimeout(stopped.timer);
      stopped.collections.stop();
      stopped.accounts.stop();
      await stopped.heartbeat?.stop();
    },
    onPause(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mark() {
      if (parts !== null) watch.mark();
    },
    inFlight(count) {
      if (count > 0 && requests === 0 && tickMs > busyTickMs && parts !== null) {
        // Let the watch know first: the tick that it has been told of does not come.
        watch.tick(busyTickMs);
        arm(busyTickMs);
      }
      if (count === 0 && requests > 0) busyUntilMs = performance.now() + LINGER_MS;
      requests = count;
    },
    lastIdleUnixNano() {
      const ms = watch.lastIdleMs;
      return ms === null ? null : unixNano(ms);
    },
    settledUnixNano() {
      return unixNano(pending[0]?.gap.earliestMs ?? watch.seenMs);
    },
  };
}

interface Parts {
  readonly accounts: ThreadAccounts;
  /** As of the latest tick. */
  account: ThreadAccount & { readonly throttledMs: number };
  readonly collections: CollectionLog;
  heartbeat: Heartbeat | null;
  readonly lateBeats: LateBeat[];
  readonly hasQuota: boolean;
  timer: NodeJS.Timeout | undefined;
}

function minus(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}

function toNano(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
