/** What the beating thread is given. */
export interface HeartbeatData {
  readonly layout: typeof heartbeatLayout;
  /** `layout.words` says which is what. */
  readonly words: Int32Array;
  /** Milliseconds, times of the watched thread's `performance.now()`. */
  readonly times: Float64Array;
  /** `performance.now()` of the watched thread at 0 of the clock that all threads share. */
  readonly originMs: number;
  /** `cpu.stat` and the file of the quota, where there are any. */
  readonly quota: QuotaFiles | null;
}

export interface QuotaFiles {
  readonly statFile: string;
  readonly limitFile: string;
}

/** Where the two threads find what they share. */
export const heartbeatLayout = {
  words: { wake: 0, stop: 1, beats: 2, late: 3, periodMs: 4, limited: 5, count: 6 },
  /** Time for which the cgroup was held back; the latest beats, each where its number says; late ones. */
  times: { throttled: 0, beats: 1, lateBeats: 65, count: 65 + 256 * 3 },
  beatsKept: 64,
  /** Kept until they are fetched, and numbers of each. */
  late: { kept: 256, numbers: 3 },
} as const;

/**
 * Program of a thread that notes the time again and again. It is turned into text and run by
 * `new Worker(…, { eval: true })`, so that it also works from a bundle: it must not use anything
 * outside itself, nor hold a function that a bundler would wrap.
 *
 * A beat that comes late is written down: when the beat before was, when it was due, when it came.
 */
export function heartbeatProgram(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { openSync, readSync, readFileSync } = process.getBuiltinModule('node:fs');
  const { layout, words, times, originMs, quota } = workerData as HeartbeatData;
  const lateMs = 1.5;
  const lookForQuotaEveryMs = 1000;

  const ownOriginMs = originMs + Number(process.hrtime.bigint()) / 1e6 - performance.now();
  const text = Buffer.alloc(512);

  let limited = false;
  let lookAgainMs = 0;
  let statFile: number | null = null;
  // Methods: a bundler that keeps names wraps any other function in a helper of its own.
  const thread = {
    nowMs() {
      return performance.now() + ownOriginMs;
    },
    readThrottled(atMs: number) {
      if (quota === null) return;
      try {
        if (atMs >= lookAgainMs) {
          lookAgainMs = atMs + lookForQuotaEveryMs;
          limited = /^[1-9]/.test(readFileSync(quota.limitFile, 'latin1'));
          Atomics.store(words, layout.words.limited, limited ? 1 : 0);
        }
        if (!limited) return;
        statFile ??= openSync(quota.statFile, 'r');
        const stat = text.toString('latin1', 0, readSync(statFile, text, 0, text.length, 0));
        const found = /throttled_(usec|time) (\d+)/.exec(stat);
        if (!found) return;
        times[layout.times.throttled] = Number(found[2]) / (found[1] === 'usec' ? 1e3 : 1e6);
      } catch {
        limited = false;
        Atomics.store(words, layout.words.limited, 0);
      }
    },
  };

  let beforeMs = thread.nowMs();
  let beats = 0;
  let written = 0;
  let woken = Atomics.load(words, layout.words.wake);
  while (Atomics.load(words, layout.words.stop) === 0) {
    thread.readThrottled(beforeMs);
    times[layout.times.beats + (beats % layout.beatsKept)] = beforeMs;
    Atomics.store(words, layout.words.beats, ++beats);
    const periodMs = Atomics.load(words, layout.words.periodMs);
    Atomics.wait(words, layout.words.wake, woken, periodMs);
    woken = Atomics.load(words, layout.words.wake);
    const atMs = thread.nowMs();
    const dueMs = beforeMs + periodMs;
    if (atMs > dueMs + lateMs) {
      const { kept, numbers } = layout.late;
      const place = layout.times.lateBeats + (written % kept) * numbers;
      times[place] = beforeMs;
      times[place + 1] = dueMs;
      times[place + 2] = atMs;
      Atomics.store(words, layout.words.late, ++written);
    }
    beforeMs = atMs;
  }
}
