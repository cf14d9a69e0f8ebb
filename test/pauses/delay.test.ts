import { expect, test } from 'vitest';
import delay from '../../pauses/strategies/delay.ts';

test('delay holds the next request and no other', async () => {
  const strategy = delay();
  expect(strategy.gate?.()).toBeUndefined();
  const striking = strategy.strike(20);
  const held = strategy.gate?.();
  expect(held).toBeInstanceOf(Promise);
  expect(strategy.gate?.()).toBeUndefined();
  const strike = await striking;
  await held;
  expect(Number((strike?.endNano ?? 0n) - (strike?.startNano ?? 0n)) / 1e6).toBeGreaterThan(19);
  expect(strategy.gate?.()).toBeUndefined();
});

test.each([
  { how: 'an abort', giveUp: (abort: AbortController) => abort.abort() },
  { how: 'stop()', giveUp: (_: AbortController, stop: () => Promise<void>) => stop() },
])('delay gives up waiting for a request on $how', async ({ giveUp }) => {
  const strategy = delay();
  const abort = new AbortController();
  const striking = strategy.strike(20, abort.signal);
  const rejection = expect(striking).rejects.toMatchObject({ name: 'AbortError' });
  await giveUp(abort, strategy.stop);
  await rejection;
  expect(strategy.gate?.()).toBeUndefined();
});
