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
 * `freeze` is only what nothing else explains, and only if the kernel stopped the process: then the
 * main thread neither ran nor waited for a core for most of the time, and a second thread did not
 * beat meanwhile. Where the kernel does not tell, a second thread that stands still and a main
 * thread without CPU must do; without a second thread, waiting and being stopped look alike.
 */
export function classify(evidence: Evidence, durationMs: number): DetectedKind {
  const { loopStallMs, gcMs, mainThreadCpuMs, processCpuMs, runDelayMs } = evidence;
  const { heartbeatGapMs, processStopped } = evidence;
  const most = (ms: number | null) => ms !== null && ms >= MOST * durationMs;
  const cpuMs = mainThreadCpuMs ?? processCpuMs;
  const stopped =
    processStopped === null
      ? most(heartbeatGapMs) && (cpuMs ?? 0) < STOPPED_CPU * durationMs
      : processStopped &&
        (heartbeatGapMs === null || most(heartbeatGapMs)) &&
        most(durationMs - (cpuMs ?? 0) - (runDelayMs ?? 0));

  // A process that is stopped collects nothing: no thread of it uses CPU.
  if (most(gcMs) && (!stopped || most(processCpuMs))) return 'gc';
  if (most(evidence.throttledMs)) return 'throttled';
  // A loop that computes and shares its core with others waits for it half of the time.
  if (most(runDelayMs) && (runDelayMs ?? 0) >= STARVED * (cpuMs ?? 0)) return 'starved';
  if (stopped) return 'freeze';
  // A loop that waits in poll is not blocked, whatever else there may be.
  if (!most(loopStallMs)) return 'unknown';
  const wasWatched = heartbeatGapMs !== null || processStopped === false;
  return most(cpuMs) || wasWatched ? 'block' : 'unknown';
}
