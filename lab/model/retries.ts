/**
 * Expected attempts of one layer with `retries` allowed where each attempt fails with probability
 * q on its own: (1 − q^(R+1))/(1 − q), the partial sum of a geometric series.
 */
export function expectedAttempts(failureShare: number, retries: number): number {
  if (failureShare === 1) return retries + 1;
  return (1 - failureShare ** (retries + 1)) / (1 - failureShare);
}

/**
 * Attempts at the bottom of `layers` layers of which each makes up to `attempts`: attempts^layers.
 * Source: Beyer et al., Site Reliability Engineering, 2016, "Addressing Cascading Failures".
 */
export function worstCaseAttempts(attempts: number, layers: number): number {
  return attempts ** layers;
}

/**
 * Whether retries alone can keep a service overloaded after the trigger has gone: ρ(1 + R) > 1.
 * Source: Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
 */
export function canStayOverloaded(utilization: number, attemptsAllowed: number): boolean {
  return utilization * attemptsAllowed > 1;
}
