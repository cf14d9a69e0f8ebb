/**
 * Whether retries alone can keep a service overloaded after the trigger has gone: ρ(1 + R) > 1.
 * Source: Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
 */
export function canStayOverloaded(utilization: number, attemptsAllowed: number): boolean {
  return utilization * attemptsAllowed > 1;
}
