import { MessageChannel } from 'node:worker_threads';
import type { Phase } from './strategy.ts';

/**
 * Runs `strike` inside a callback of `phase` and settles with what it returns or throws.
 *
 * One turn of the loop is timers → poll (I/O) → check. What a stop of the thread does to the
 * others depends on what is looked at next:
 *
 * | phase | runs in | a stop of the thread (`gc`, `block`) or of the process (`freeze`) | `delay` |
 * |---|---|---|---|
 * | `poll` | an I/O callback | timers come next: a time-out that fell due fires although its reply is already in the socket | no meaning: the request that waits comes when it comes |
 * | `check` | `setImmediate` | the same | none |
 * | `timers` | a timer's callback | poll comes next: replies that arrived are read before the timers that fell due | none |
 *
 * Source: the order of phases in libuv's design document ("The I/O loop").
 */
export function inPhase<T>(phase: Phase, strike: () => T): Promise<Awaited<T>> {
  return new Promise((resolve, reject) => {
    enter(phase, () => {
      try {
        resolve(strike() as Awaited<T>);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function enter(phase: Phase, callback: () => void): void {
  switch (phase) {
    case 'poll': {
      // A message between ports wakes the loop through a descriptor that it polls, as a socket does.
      const { port1, port2 } = new MessageChannel();
      port2.once('message', () => {
        try {
          callback();
        } finally {
          port1.close();
        }
      });
      port1.postMessage(null);
      return;
    }
    case 'check':
      setImmediate(callback);
      return;
    case 'timers':
      setTimeout(callback, 0);
      return;
  }
}
