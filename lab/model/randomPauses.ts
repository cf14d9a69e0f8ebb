/**
 * Mean time in the system, in milliseconds, of a queue whose server is struck by pauses at random
 * (Poisson, whether busy or not; interrupted work resumes): with θ = 1/T and δ = D/T,
 * S/(1 − δ) + (λE[S²] + θD²)/(2(1 − δ)(1 − δ − ρ)). Pauses are customers with pre-emptive
 * priority; Kleinrock, Queueing Systems II, 1976, section 3.4. Infinity once ρ + δ ≥ 1.
 */
export function meanTimeWithRandomPausesMs(queue: {
  readonly requestsPerSecond: number;
  readonly serviceMs: number;
  /** E[S²]; S² for a constant service time. */
  readonly serviceSquaredMs2: number;
  readonly pauseMs: number;
  readonly meanEveryMs: number;
}): number {
  const { requestsPerSecond, serviceMs, serviceSquaredMs2, pauseMs, meanEveryMs } = queue;
  const arrivalsPerMs = requestsPerSecond / 1000;
  const pausedShare = pauseMs / meanEveryMs;
  const freeShare = 1 - pausedShare - arrivalsPerMs * serviceMs;
  if (freeShare <= 0) return Number.POSITIVE_INFINITY;
  const waitingMs = arrivalsPerMs * serviceSquaredMs2 + pauseMs ** 2 / meanEveryMs;
  return serviceMs / (1 - pausedShare) + waitingMs / (2 * (1 - pausedShare) * freeShare);
}
