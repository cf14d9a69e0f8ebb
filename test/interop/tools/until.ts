import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 100;

/**
 * Asks `probe` again and again until it gives something else than undefined. For what lies in other
 * programs and sends no event.
 * @param what what is waited for, for the message.
 * @throws {Error} when `timeoutMs` have passed; or what `probe` throws, at once.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > deadlineMs) {
      throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`);
    }
    await sleep(pollMs);
  }
}
