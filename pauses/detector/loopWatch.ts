/** The loop was not seen for a while. Times in milliseconds of `performance.now()`. */
export interface Gap {
  /** Earliest moment at which the pause can have begun. */
  readonly earliestMs: number;
  /** Latest moment, or as good as that, at which it can have begun. */
  readonly latestMs: number;
  /** Earliest and latest moment at which it can have ended. */
  readonly endMs: number;
  readonly latestEndMs: number;
  /** It waited in poll, beyond the moment at which it was to wake, rather than run a callback. */
  readonly inPoll: boolean;
  /** How long the loop had waited in all by `earliestMs`, as `seenIdleMs` counts it. */
  readonly idleBeforeMs: number;
  /** Latest moment before it at which the loop had nothing left to do; null: not known. */
  readonly recoveredMs: number | null;
}

export interface LoopWatchOptions {
  readonly nowMs: () => number;
  /** Time that the loop has spent waiting in poll so far: `performance.nodeTiming.idleTime`. */
  readonly idleMs: () => number;
  /** How often it has polled so far: `performance.nodeTiming.uvMetricsInfo.loopCount`. */
  readonly polls: () => number;
  /**
   * How much of the last rest, which ended then after so long, the thread had been woken and waited
   * for a core: its loop says that it was idle. Asked only until the loop has got over a gap.
   */
  readonly coreWaitMs: (restEndMs: number, restMs: number) => number;
  /** Shorter gaps are not reported. */
  readonly minimumMs: number;
  readonly onGap: (gap: Gap) => void;
  /** The callback in which work began has ended. */
  readonly onWorkEnd: () => void;
}

/** How much later than asked for a timer of a healthy loop fires at most: timers count in whole ms. */
const TIMER_SLACK_MS = 2.5;

/**
 * A poll that waited shorter than this is no rest: it costs some 50 us to begin and end one, and work
 * that has been sent on to this loop but is not with it yet looks like none.
 */
const NO_REST_MS = 0.25;
/**
 * Between the requests of a backlog and the answers that they wait for, a loop may have nothing to do
 * for a moment: only one that rests for so long has got over a stall.
 */
const RECOVERED_MS = 0.5;
/**
 * What is known of waiting for a core may be from before the rest: of one that was longer than a
 * scheduler lets a woken thread wait, no more is taken off.
 */
const MOST_CORE_WAIT_MS = 2;
/** Turns that took no longer than this on average were many, rather than one that stalled the loop. */
const SHORT_TURN_MS = 0.5;
/** Share of the time that a loop works unmarked, above which it may soon look like a stall. */
const BUSY_SHARE = 1 / 8;

/** The loop between one poll and the next, in which there was work that said so. */
interface Turn {
  /** Of polls so far. */
  count: number;
  /** Latest moment at which the loop was seen in it; null: never. */
  seenMs: number | null;
}

const resolved = Promise.resolve();

const noTurns = (): Turn[] => Array.from({ length: 3 }, () => ({ count: -1, seenMs: null }));

/**
 * Knows from moments at which the loop was seen alive, and from how long it waited in poll between
 * them, when it was stalled. Such a moment is the begin and the end of each piece of work that says
 * so, and a tick of a timer; work that goes on and on within one callback is one stall, however
 * often it says that it lives.
 *
 * Between two moments a loop first waits and then works, because a tick that has fallen due comes
 * before the next waiting: the time not waited for, counted from the end, is the stall. And because
 * a tick ends the waiting, a loop that waited beyond it was stopped, though it counts that as idle.
 */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  #seenMs = 0;
  #seenIdleMs = 0;
  #seenPolls = 0;
  #tickDueMs = 0;
  #lastIdleMs: number | null = null;
  #lastRestMs = 0;
  #recoveredMs: number | null = null;
  /** There was a gap, and no rest since. */
  #isBehind = false;
  /** The last three, newest first. They are written anew: it is done in each turn. */
  #turns = noTurns();
  #acceptedAtPoll = Number.NEGATIVE_INFINITY;
  #absentMs: number | null = null;
  #working = false;
  readonly #endWork: () => void;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#endWork = () => {
      this.#working = false;
      // The same turn as at its begin, with no poll between.
      this.#seen(this.#seenIdleMs);
      this.#newestTurn.seenMs = this.#seenMs;
      options.onWorkEnd();
    };
  }

  /** Latest moment at which the loop is known to have waited, with nothing to do. */
  get lastIdleMs(): number | null {
    return this.#lastIdleMs;
  }

  /** How long it had waited by then, since it was seen before. */
  get lastRestMs(): number {
    return this.#lastRestMs;
  }

  /** Latest moment at which it had rested for half a millisecond or more on end. */
  get recoveredMs(): number | null {
    return this.#recoveredMs;
  }

  /**
   * Latest moment at which work that begins now cannot have been here: it would have been begun with.
   * The loop was idle, or has polled since then, as it does also where it is so busy that it never
   * rests.
   */
  get lastAbsentMs(): number | null {
    if (this.#lastIdleMs === null || this.#absentMs === null) {
      return this.#lastIdleMs ?? this.#absentMs;
    }
    return Math.max(this.#lastIdleMs, this.#absentMs);
  }

  /** Latest moment at which it was seen: all gaps before have been reported. */
  get seenMs(): number {
    return this.#seenMs;
  }

  /** How long it had waited in all by then. */
  get seenIdleMs(): number {
    return this.#seenIdleMs;
  }

  /** Begins anew: nothing is known of what was before. */
  reset(tickInMs: number): void {
    this.#seenMs = this.#options.nowMs();
    this.#seenIdleMs = this.#options.idleMs();
    this.#seenPolls = this.#options.polls();
    this.#lastIdleMs = null;
    this.#recoveredMs = null;
    this.#isBehind = false;
    this.#turns = noTurns();
    this.#absentMs = null;
    this.expectTick(tickInMs);
  }

  /**
   * In the callback of the timer that was expected.
   * @returns whether it had worked so much since it was seen, in turns that are not short and that
   *   nobody marks, that only looking in each of them tells them from one that stalls it.
   */
  tick(): boolean {
    const beforeMs = this.#seenMs;
    const beforeIdleMs = this.#seenIdleMs;
    this.#seen(this.#options.idleMs(), true);
    const elapsedMs = this.#seenMs - beforeMs;
    const workedMs = elapsedMs - (this.#seenIdleMs - beforeIdleMs);
    // One turn less is counted where the first followed the last look without a poll between.
    const turns = this.#options.polls() - this.#seenPolls;
    this.#seenPolls += turns;
    return workedMs > Math.max(BUSY_SHARE * elapsedMs, SHORT_TURN_MS, (turns * SHORT_TURN_MS) / 2);
  }

  /** In any other callback. */
  see(): void {
    this.#seen(this.#options.idleMs());
    this.#seenPolls = this.#options.polls();
  }

  /** A timer is armed for `inMs` from when the loop was last seen. */
  expectTick(inMs: number): void {
    this.#tickDueMs = this.#seenMs + inMs;
  }

  /** To be called when a connection has been accepted. */
  accepted(): void {
    this.#acceptedAtPoll = this.#options.polls();
  }

  /** Work begins or ends. Only the first call within a callback counts, until its promises are done. */
  mark(): void {
    if (this.#working) return;
    this.#working = true;
    this.#seen(this.#options.idleMs());
    this.#noteTurn();
    // It runs once the callback of the loop has ended, with the promises that were settled before.
    resolved.then(this.#endWork);
  }

  #seen(idleMs: number, isTick = false): void {
    const nowMs = this.#options.nowMs();
    const beforeMs = this.#seenMs;
    const waitedMs = idleMs - this.#seenIdleMs;
    this.#seenMs = nowMs;
    this.#seenIdleMs = idleMs;
    if (waitedMs >= NO_REST_MS || nowMs - beforeMs >= this.#options.minimumMs) {
      this.#judge(beforeMs, waitedMs, nowMs, isTick);
    }
  }

  /**
   * A poll takes in all that is there on connections: what begins in this turn was not there at the
   * poll before, unless that has only now brought the connection. Of those that wait to be accepted a
   * poll takes one, so that each may have waited for as long as there were some.
   */
  #noteTurn(): void {
    const count = this.#options.polls();
    this.#seenPolls = count;
    if (this.#newestTurn.count === count) return;
    this.#turns.unshift(this.#turns.pop() as Turn);
    this.#newestTurn.count = count;
    this.#newestTurn.seenMs = this.#seenMs;
    const before = count - 1;
    if (this.#acceptedAtPoll >= before) return;
    this.#absentMs = this.#turns.find((turn) => turn.count < before)?.seenMs ?? this.#absentMs;
  }

  get #newestTurn(): Turn {
    return this.#turns[0] as Turn;
  }

  #judge(beforeMs: number, waitedMs: number, nowMs: number, isTick: boolean): void {
    const { minimumMs, onGap } = this.#options;
    const polledMs = Math.min(beforeMs + waitedMs, nowMs);
    const recoveredMs = this.#recoveredMs;
    const dueMs = Math.max(this.#tickDueMs, beforeMs);
    const stoppedInPoll = polledMs > dueMs + TIMER_SLACK_MS;
    // A stop in poll may have come before any waiting: what was waited before that still holds.
    if (!stoppedInPoll && polledMs - beforeMs >= NO_REST_MS) {
      this.#rested(polledMs, polledMs - beforeMs);
    }
    const stalledFromMs = this.#stalledFrom(polledMs, dueMs, nowMs);
    const stalled = nowMs - stalledFromMs >= minimumMs;
    // Half of what may be added in front of the time that is certain.
    const likelyStartMs = (beforeMs + dueMs) / 2;
    if (stoppedInPoll && polledMs - likelyStartMs >= minimumMs) {
      this.#isBehind = true;
      onGap({
        earliestMs: beforeMs,
        latestMs: dueMs,
        endMs: polledMs,
        latestEndMs: stalled ? polledMs : nowMs,
        inPoll: true,
        idleBeforeMs: this.#seenIdleMs - waitedMs,
        recoveredMs: dueMs,
      });
    }
    if (stalled) {
      this.#isBehind = true;
      // A tick that came in time was waited for: for how long of the waiting is not known.
      const isOpen = isTick && nowMs <= dueMs + TIMER_SLACK_MS;
      const openMs = isOpen ? polledMs - beforeMs : 0;
      onGap({
        earliestMs: stalledFromMs - openMs,
        latestMs: stalledFromMs,
        endMs: nowMs - openMs,
        latestEndMs: nowMs,
        inPoll: false,
        idleBeforeMs: this.#seenIdleMs - openMs,
        recoveredMs: isOpen ? recoveredMs : this.#recoveredMs,
      });
    }
  }

  /**
   * What was not waited for was one turn, or many that nobody marked. Of many it is certain only that
   * the tick was due in the last of them, which ends now.
   */
  #stalledFrom(polledMs: number, dueMs: number, nowMs: number): number {
    const { minimumMs, polls } = this.#options;
    const allMs = nowMs - polledMs;
    if (allMs < minimumMs) return polledMs;
    const certainMs = Math.min(dueMs, nowMs);
    const beforeMs = certainMs - polledMs;
    const manyMs = SHORT_TURN_MS * (polls() - this.#seenPolls);
    return (beforeMs >= minimumMs ? beforeMs : allMs) <= manyMs ? certainMs : polledMs;
  }

  #rested(endMs: number, restMs: number): void {
    this.#lastIdleMs = endMs;
    this.#lastRestMs = restMs;
    if (restMs < RECOVERED_MS) return;
    const coreMs = this.#isBehind ? this.#options.coreWaitMs(endMs, restMs) : 0;
    if (restMs - Math.min(coreMs, MOST_CORE_WAIT_MS) < RECOVERED_MS) return;
    this.#recoveredMs = endMs;
    this.#isBehind = false;
  }
}
