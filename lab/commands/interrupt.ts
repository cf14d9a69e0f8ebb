/** npm passes on the Ctrl-C that the terminal has sent already: two as close are one. */
const sameMs = 500;

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, with an `Error` that names it. At the second
 * `onSecond` is called, to end everything at once.
 * @returns the signal, and the function that gives these signals back their usual effect.
 */
export function onInterrupt(onSecond: () => void): {
  readonly signal: AbortSignal;
  readonly off: () => void;
} {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let firstMs = 0;
  const listener = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - firstMs > sameMs) onSecond();
      return;
    }
    firstMs = performance.now();
    const how = name === 'SIGINT' ? 'Ctrl-C (SIGINT)' : name;
    controller.abort(new Error(`interrupted by ${how}`));
  };
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    off: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
