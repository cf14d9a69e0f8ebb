import type { PauseStrategy } from '../../pauses/strategy.ts';

/** The thread waits and burns nothing: what a synchronous child process or a lock does. */
export default function wait(): PauseStrategy {
  const word = new Int32Array(new SharedArrayBuffer(4));
  return {
    kind: 'wait',
    async prepare() {},
    strike(durationMs) {
      Atomics.wait(word, 0, 0, durationMs);
    },
    async stop() {},
  };
}
