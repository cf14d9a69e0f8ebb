/**
 * Share of requests that meet at least one delayed answer when each needs several, the k-th of
 * which is delayed with probability `shares[k]` on its own: 1 − ∏(1 − fₖ).
 * Source: Dean & Barroso, The Tail at Scale, CACM 56(2), 2013.
 */
export function shareDelayed(shares: readonly number[]): number {
  return 1 - shares.reduce((none, share) => none * (1 - share), 1);
}

/** Quantile that each of `k` leaves must keep so that the whole keeps quantile `p`: p^(1/k). */
export function leafQuantile(p: number, k: number): number {
  return p ** (1 / k);
}
