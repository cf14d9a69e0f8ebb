const resolved = Promise.resolve();

/**
 * Calls once the callback of the loop that runs now has ended, with the promises that were settled
 * before. In the order of asking.
 */
export function afterCallback(run: () => void): void {
  resolved.then(run);
}
