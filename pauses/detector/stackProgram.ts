/** What the asking thread is given. */
export interface StackData {
  readonly layout: typeof stackLayout;
  readonly words: Int32Array;
  /** Milliseconds, times of the watched thread's `performance.now()`. */
  readonly times: Float64Array;
  /** The last answer, in UTF-8. */
  readonly text: Uint8Array;
  /** `performance.now()` of the watched thread at 0 of the clock that all threads share. */
  readonly originMs: number;
  readonly afterMs: number;
}

/** Where the two threads find what they share. */
export const stackLayout = {
  /** `asking`: whether an answer is still to come. */
  words: { asking: 0, textBytes: 1, count: 2 },
  /** When the watched thread is to tick next; when the last answer was given. */
  times: { due: 0, answered: 1, count: 2 },
  textBytes: 16_384,
} as const;

/**
 * Program of a thread that asks the watched one for its stack once that is late by `afterMs`, once
 * for each time. Like `heartbeatProgram` it is turned into text: it must not use anything outside
 * itself, nor hold a function that a bundler would wrap.
 *
 * It is asked through the inspector, which V8 lets in at the next call or turn of a loop: no
 * debugger is switched on, and nothing is connected but while an answer is to come. A thread that
 * waits in native code answers when it comes back from there.
 */
export function stackProgram(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { Session } = process.getBuiltinModule('node:inspector');
  const { layout, words, times, text, originMs, afterMs } = workerData as StackData;
  const framesKept = 50;
  // Before the first tick is armed there is nothing to wait for.
  const longestMs = 1000;
  // The first two lines of a stack are the error's name and this program itself.
  const ownLines = 2;
  const expression = `{
    const { stackTraceLimit, prepareStackTrace } = Error;
    Error.stackTraceLimit = ${framesKept + 1};
    Error.prepareStackTrace = undefined;
    const answer = [performance.now(), new Error().stack];
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
    answer;
  }`;
  const ownOriginMs = originMs + Number(process.hrtime.bigint()) / 1e6 - performance.now();
  let askedForDueMs = 0;

  // Methods: a bundler that keeps names wraps any other function in a helper of its own.
  const thread = {
    ask() {
      const session = new Session();
      session.connectToMainThread();
      Atomics.store(words, layout.words.asking, 1);
      session.post('Runtime.evaluate', { expression, returnByValue: true }, (error, response) => {
        session.disconnect();
        const [atMs, stack] = error ? [] : (response.result.value ?? []);
        if (typeof atMs === 'number' && typeof stack === 'string') {
          const frames = stack.split('\n').slice(ownLines).join('\n');
          const { written } = new TextEncoder().encodeInto(frames, text);
          Atomics.store(words, layout.words.textBytes, written);
          times[layout.times.answered] = atMs;
        }
        Atomics.store(words, layout.words.asking, 0);
      });
    },
    look() {
      const dueMs = times[layout.times.due] ?? 0;
      const leftMs = dueMs + afterMs - (performance.now() + ownOriginMs);
      const isAsking = Atomics.load(words, layout.words.asking) === 1;
      if (leftMs <= 0 && dueMs !== askedForDueMs && !isAsking) {
        askedForDueMs = dueMs;
        try {
          thread.ask();
        } catch (error) {
          parentPort?.postMessage(String(error));
          return; // It would fail again.
        }
      }
      setTimeout(thread.look, leftMs > 1 ? Math.min(leftMs, longestMs) : afterMs);
    },
  };
  thread.look();
}
