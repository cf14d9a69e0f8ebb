import { startTap, type Tap, type TappedRequest } from './wireTap.ts';

/**
 * Taps in a process of its own, so that what it writes down is late by nobody's pause; forked.
 * The message `{ open: names }` is answered with the address of a tap for each service, `{ targets }`
 * says where those pass on to, and `{ report: true }` is answered with what they saw.
 */
export type TapOrder =
  | { readonly open: readonly string[] }
  | { readonly targets: Readonly<Record<string, string>> }
  | { readonly report: true };

export type TapAnswer =
  | { readonly urls: Readonly<Record<string, string>> }
  | { readonly requests: readonly TappedRequest[] };

const taps = new Map<string, Tap>();

process.on('message', async (order: TapOrder) => {
  if ('open' in order) {
    for (const name of order.open) taps.set(name, await startTap());
    answer({ urls: Object.fromEntries([...taps].map(([name, { url }]) => [name, url])) });
  } else if ('targets' in order) {
    for (const [name, url] of Object.entries(order.targets)) taps.get(name)?.target(url);
  } else {
    answer({ requests: [...taps.values()].flatMap(({ requests }) => requests) });
  }
});
process.once('disconnect', () => {
  for (const tap of taps.values()) tap.stop();
});

function answer(message: TapAnswer): void {
  process.send?.(message);
}
