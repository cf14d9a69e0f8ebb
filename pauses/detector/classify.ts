import type { DetectedKind, Evidence } from './detectedPause.ts';

/** A cause that accounts for this share of a pause is the cause. */
const MOST = 0.5;

/** More CPU than this share of the pause, and the thread was not stopped all along. */
const STOPPED_CPU = 0.25;

/** Less run delay for each unit of CPU time, and the thread would have been busy anyway. */
const STARVED = 2;

/**
 * What a pause of `durationMs` was, from its evidence alone.
 *
 * A process that is stopped, held back by a quota or left without a core for most of the time also
 * stops a second thread, which a collection or a blocked loop does not. `freeze` is what is left
 * once neither quota nor run delay, CPU time or collections explain that. Where the second thread
 * is not to be had, waiting and being stopped look alike: `unknown`.
 */
export function classify(evidence: Evidence, durationMs: number): DetectedKind {
  const { loopStallMs, gcMs, mainThreadCpuMs, processCpuMs, heartbeatGapMs } = evidence;
  const most = (ms: number | null) => ms !== null && ms >= MOST * durationMs;
  const cpuMs = mainThreadCpuMs ?? processCpuMs;
  const idleCpu = cpuMs === null || cpuMs < STOPPED_CPU * durationMs;
  const stopped = most(heartbeatGapMs) && idleCpu;

  if (most(gcMs) && !stopped) return 'gc';
  if (most(evidence.throttledMs)) return 'throttled';
  // A loop that computes and shares its core with others waits for it half of the time.
  if (most(evidence.runDelayMs) && (evidence.runDelayMs ?? 0) >= STARVED * (cpuMs ?? 0)) {
    return 'starved';
  }
  if (stopped) return 'freeze';
  // A loop that waits in poll is not blocked, whatever else there may be.
  if (!most(loopStallMs)) return 'unknown';
  return most(cpuMs) || heartbeatGapMs !== null ? 'block' : 'unknown';
}
