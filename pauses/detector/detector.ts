import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type DiagLogger, diag } from '@opentelemetry/api';
import { type Clock, systemClock } from '../clock.ts';
import { type CollectionLog, startCollectionLog } from './collectionLog.ts';
import { CoreWait } from './coreWait.ts';
import type { DetectedPause, PauseDetector } from './detectedPause.ts';
import { type Heartbeat, type LateBeat, startHeartbeat } from './heartbeat.ts';
import type { QuotaFiles } from './heartbeatProgram.ts';
import { judge } from './judge.ts';
import { type Gap, LoopWatch } from './loopWatch.ts';
import { quotaFiles } from './quotaFiles.ts';
import { type StackSampler, startStackSampler } from './stackSampler.ts';
import { type StopSign, stopSign } from './stopSign.ts';
import { type ThreadAccount, type ThreadUsage, threadAccount } from './threadAccount.ts';

export interface PauseDetectorOptions {
  /** Shorter pauses are not reported. Default 10. */
  readonly minimumMs?: number;
  /** How often each of two threads looks. Whole milliseconds; default 20. */
  readonly idleTickMs?: number;
  /** The same once nothing has happened for a second. Default 50. */
  readonly restTickMs?: number;
  /** How often the main thread looks while its loop has so much to do that it never rests. Default 40. */
  readonly saturatedTickMs?: number;
  /** How often the main thread looks while requests are in flight. Default 4. */
  readonly busyTickMs?: number;
  /** How often the other thread looks then. Default 10. */
  readonly busyBeatMs?: number;
  /**
   * Code that blocks the loop for so long has its stack taken, for which a third thread is started.
   * Null, the default: no stack is taken.
   */
  readonly stackAfterMs?: number | null;
  readonly clock?: Clock;
  /** Told what cannot be seen here, and what failed. Default: OpenTelemetry's. */
  readonly logger?: Pick<DiagLogger, 'info' | 'warn' | 'error'>;
}

/** For so long after the last request it looks as often as before: another may come soon. */
const LINGER_MS = 20;
const REST_AFTER_MS = 1000;
/** How often the other thread looks at the cgroup's quota then. */
const REST_BEAT_MS = 5000;
/**
 * What the other thread may take to say whether it was stopped, too, before it is left out: less
 * than the attribution holds a span for.
 */
const EVIDENCE_LIMIT_MS = 20;
/** Gaps that may wait for evidence; the oldest is judged without when there are more. */
const MOST_PENDING = 1000;
const MOST_RESTARTS = 3;
/** Of Node: a server of this process has accepted a connection. */
const CONNECTION_CHANNEL = 'net.server.socket';
const ACCOUNT_EVERY_IDLE_TICKS = 5;
/**
 * How often it does what need not be done at each look, and costs as much as one. For so long a wall
 * clock that was set may go unnoticed, unless there is a gap.
 */
const KEEP_UP_EVERY_MS = 500;

/**
 * Sees the pauses of the thread that calls this; `classify` says how their kinds are told.
 *
 * While it runs it takes a timer of this thread, which does not keep the process from ending, and a
 * second thread, whose every beat is a wake-up. What each sees waits until the other has said its
 * part and V8 has told of its collections: a turn of the loop and one beat at most.
 */
export function pauseDetector(options: PauseDetectorOptions = {}): PauseDetector {
  const logger = options.logger ?? diag;
  const clock = options.clock ?? systemClock;
  const listeners = new Set<(pause: DetectedPause) => void>();
  const lookListeners = new Set<() => void>();
  let sequence = 0;
  let run: Run | null = null;

  function report(pause: Omit<DetectedPause, 'sequence'>): void {
    const numbered: DetectedPause = { sequence: ++sequence, ...pause };
    for (const listener of listeners) {
      try {
        listener(numbered);
      } catch (error) {
        logger.error(`A ${numbered.kind} pause could not be handled:`, error);
      }
    }
  }

  function looked(): void {
    for (const listener of lookListeners) {
      try {
        listener();
      } catch (error) {
        logger.error('What follows a look for pauses failed:', error);
      }
    }
  }

  return {
    get running() {
      return run !== null;
    },
    async start() {
      if (run === null) {
        run = new Run({
          minimumMs: options.minimumMs ?? 10,
          idleTickMs: options.idleTickMs ?? 20,
          restTickMs: options.restTickMs ?? 50,
          saturatedTickMs: options.saturatedTickMs ?? 40,
          busyTickMs: options.busyTickMs ?? 4,
          busyBeatMs: options.busyBeatMs ?? 10,
          stackAfterMs: options.stackAfterMs ?? null,
          clock,
          logger,
          report,
          looked,
        });
      }
      await run.started;
    },
    async stop() {
      const stopped = run;
      run = null;
      const ended = stopped?.stop();
      looked();
      await ended;
    },
    onPause(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLook(listener) {
      lookListeners.add(listener);
      return () => lookListeners.delete(listener);
    },
    mark: () => run?.watch.mark(),
    inFlight: (count) => run?.inFlight(count),
    recoveredUnixMicros: () => run?.recoveredUnixMicros() ?? null,
    restedMicros: () => 1000 * (run?.watch.seenIdleMs ?? 0),
    lastAbsentUnixMicros: () => run?.lastAbsentUnixMicros() ?? null,
    coreWaitMicros: () => run?.coreWaitMicros() ?? 0,
    // While it does not look there is nothing to wait for.
    settledUnixMicros: () =>
      run?.settledUnixMicros() ?? Number(clock.unixNano(clock.monotonicNano())) / 1000,
  };
}

interface RunOptions extends Required<PauseDetectorOptions> {
  readonly report: (pause: Omit<DetectedPause, 'sequence'>) => void;
  readonly looked: () => void;
}

/** A gap whose evidence is not complete yet. */
interface Pending {
  readonly gap: Gap;
  readonly usage: ThreadUsage;
  readonly throttledBeforeMs: number;
  readonly processStopped: boolean | null;
}

/** From one start to the stop after it. Times in milliseconds of `performance.now()`. */
class Run {
  readonly watch: LoopWatch;
  readonly #options: RunOptions;
  readonly #account: ThreadAccount;
  readonly #coreWait: CoreWait;
  readonly #collections: CollectionLog;
  readonly #quota: QuotaFiles | null;
  readonly #stopSign: StopSign;
  /** From milliseconds of `performance.now()` to the monotonic clock. */
  readonly #originNano: bigint;
  /** When `performance.now()` was 0, by the clock, which is asked again now and then. */
  #originUnixMicros: number;
  readonly #tick: () => void;
  readonly #onConnection = () => this.watch.accepted();
  readonly #stacks: StackSampler | null;
  #heartbeat: Heartbeat | null = null;
  #restarts = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #tickMs: number;
  #requests = 0;
  /** When the last request ended, or the last gap with requests in flight. */
  #lastEventMs = performance.now();
  /** When a request was last seen to wait, or a long turn, or the last gap with requests in flight. */
  #lingerFromMs = Number.NEGATIVE_INFINITY;
  #throttledMs = 0;
  /** How long the loop had been busy in all when the while of the account began. */
  #busyAtUsageMs = 0;
  #tickedMs = performance.now();
  #keptUpMs = performance.now();
  #idleTicks = 0;
  #pending: Pending[] = [];
  #lateBeats: LateBeat[] = [];
  /** All collections that ended before are known. */
  #collectedMs = performance.now();
  #checkAskedMs: number | null = null;

  constructor(options: RunOptions) {
    const { clock, minimumMs, idleTickMs, stackAfterMs, logger } = options;
    this.#options = options;
    this.#originNano = clock.monotonicNano() - toNano(performance.now());
    this.#originUnixMicros = this.#askOrigin();
    this.#account = threadAccount();
    this.#coreWait = new CoreWait(() => this.#account.runDelayMs());
    this.#collections = startCollectionLog();
    this.#quota = quotaFiles();
    this.#stopSign = stopSign();
    if (!this.#account.complete) {
      logger.info(
        `Pauses: on ${process.platform} "starved" and "throttled" cannot be told from other kinds`,
      );
    }
    this.#beat();
    this.#stacks =
      stackAfterMs === null
        ? null
        : startStackSampler({
            afterMs: stackAfterMs,
            onFailure: (reason) => logger.warn(`Pauses: no more stacks can be taken (${reason})`),
          });
    const { nodeTiming } = performance;
    this.watch = new LoopWatch({
      nowMs: () => performance.now(),
      idleMs: () => nodeTiming.idleTime,
      // Node has it from 22.8 on; without it only a rest tells what was not here.
      polls: () => nodeTiming.uvMetricsInfo?.loopCount ?? 0,
      coreWaitMs: (restEndMs, restMs) => this.#coreWait.endingRest(restEndMs, restMs),
      minimumMs,
      onGap: (gap) => this.#onGap(gap),
      onWorkEnd: () => this.#onWorkEnd(),
    });
    this.#tickMs = idleTickMs;
    this.#tick = () => this.#onTick();
    subscribe(CONNECTION_CHANNEL, this.#onConnection);
    this.watch.reset(idleTickMs);
    this.#beginUsage();
    this.#arm(idleTickMs);
  }

  inFlight(count: number): void {
    if (count === 0 && this.#requests > 0) this.#lastEventMs = this.watch.seenMs;
    this.#requests = count;
  }

  /**
   * A request that is done with within the callback in which it began needs no finer tick: nobody
   * waits in poll meanwhile. A wake-up costs more than such a request's spans.
   */
  #onWorkEnd(): void {
    const { busyTickMs, idleTickMs, restTickMs } = this.#options;
    if (this.#requests === 0) {
      // Its spans shall not wait for so long, and another may follow.
      if (this.#tickMs === restTickMs) this.#lookWithin(idleTickMs);
    } else if (this.#lookWithin(busyTickMs)) {
      this.#lingerFromMs = this.watch.seenMs;
      this.#beginUsage();
    }
  }

  /** Resolves once the other threads look, too. This one does at once. */
  get started(): Promise<unknown> {
    return Promise.all([this.#heartbeat?.started, this.#stacks?.started]);
  }

  recoveredUnixMicros(): number | null {
    return this.#unixMicros(this.watch.recoveredMs);
  }

  lastAbsentUnixMicros(): number | null {
    return this.#unixMicros(this.watch.lastAbsentMs);
  }

  #unixMicros(ms: number | null): number | null {
    return ms === null ? null : this.#originUnixMicros + 1000 * ms;
  }

  coreWaitMicros(): number {
    const { lastIdleMs, lastRestMs, lastAbsentMs } = this.watch;
    // Since a later poll it has not rested, and what a loop waits for a core then it is not idle.
    if (lastIdleMs === null || lastAbsentMs !== lastIdleMs) return 0;
    return 1000 * this.#coreWait.endingRest(lastIdleMs, lastRestMs);
  }

  settledUnixMicros(): number {
    const settledMs = this.#pending[0]?.gap.earliestMs ?? this.watch.seenMs;
    return this.#originUnixMicros + 1000 * settledMs;
  }

  /** What lacks evidence is judged without it. */
  async stop(): Promise<void> {
    this.watch.see(); // the last gap may end here
    this.#stopped = true;
    clearTimeout(this.#timer);
    unsubscribe(CONNECTION_CHANNEL, this.#onConnection);
    this.#settle();
    this.#collections.stop();
    this.#account.close();
    this.#stopSign.close();
    await Promise.all([this.#heartbeat?.stop(), this.#stacks?.stop()]);
  }

  #onTick(): void {
    const { idleTickMs } = this.#options;
    const seenBeforeMs = this.watch.seenMs;
    const quietMs = seenBeforeMs - this.#lastEventMs;
    if (this.#requests > 0) this.#lingerFromMs = seenBeforeMs;
    if (this.watch.tick()) this.#lingerFromMs = this.watch.seenMs;
    const hasRested = (this.watch.lastIdleMs ?? Number.NEGATIVE_INFINITY) > this.#tickedMs;
    const tickMs = this.#nextTickMs(seenBeforeMs, quietMs, hasRested);
    this.#arm(tickMs);
    this.watch.expectTick(tickMs);
    this.#tickedMs = this.watch.seenMs;
    // While nothing happens, what was used since some ticks ago says the same, and costs less.
    const idle = tickMs >= idleTickMs && quietMs > idleTickMs && hasRested;
    if (!idle || ++this.#idleTicks % ACCOUNT_EVERY_IDLE_TICKS === 0) this.#beginUsage();
    if (this.#tickedMs - this.#keptUpMs >= KEEP_UP_EVERY_MS) {
      this.#keptUpMs = this.#tickedMs;
      this.#originUnixMicros = this.#askOrigin();
      this.#forget();
      this.#heartbeat?.setPeriod(this.#beatMs); // there may be a quota now, or none
    }
    // Since then a turn of the loop has ended.
    this.#collectedMs = seenBeforeMs;
    this.#settle();
    this.#options.looked();
  }

  #nextTickMs(seenMs: number, quietMs: number, hasRested: boolean): number {
    const { busyTickMs, idleTickMs, saturatedTickMs, restTickMs } = this.#options;
    const lingers = seenMs - this.#lingerFromMs < LINGER_MS;
    if (this.#requests > 0 || this.#pending.length > 0 || lingers) return busyTickMs;
    if (quietMs >= REST_AFTER_MS) return restTickMs;
    return quietMs > idleTickMs || hasRested ? idleTickMs : saturatedTickMs;
  }

  /** False: it does already, or not at all. */
  #lookWithin(ms: number): boolean {
    if (this.#stopped || this.#tickMs <= ms) return false;
    // The watch must know: the tick that it waits for does not come.
    this.watch.see();
    this.watch.expectTick(ms);
    this.#arm(ms);
    return true;
  }

  #arm(inMs: number): void {
    this.#stacks?.expectTick(performance.now() + inMs);
    if (this.#timer !== undefined && this.#tickMs === inMs) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#tickMs = inMs;
    this.#heartbeat?.setPeriod(this.#beatMs);
    this.#timer = setTimeout(this.#tick, inMs).unref();
    // The beat that was to come later shall not be what a pause is measured by.
    if (inMs === this.#options.busyTickMs && !this.#beatsLittle) this.#heartbeat?.wake();
  }

  get #beatMs(): number {
    const { busyTickMs, busyBeatMs } = this.#options;
    if (this.#beatsLittle) return REST_BEAT_MS;
    return this.#tickMs === busyTickMs ? busyBeatMs : this.#tickMs;
  }

  /** Where the kernel tells of stops, beats are needed only to read what the quota has done. */
  get #beatsLittle(): boolean {
    return this.#stopSign.isKnown && this.#heartbeat?.limited === false;
  }

  #beginUsage(): void {
    this.#account.begin();
    this.#usageBegan();
  }

  #usageBegan(): void {
    this.#busyAtUsageMs = this.watch.seenMs - this.watch.seenIdleMs;
    this.#throttledMs = this.#heartbeat?.throttledMs ?? 0;
  }

  /** How long the loop had something to do between the begin of the account's while and the gap. */
  #busyBefore({ earliestMs, idleBeforeMs }: Gap): number {
    return Math.max(0, earliestMs - idleBeforeMs - this.#busyAtUsageMs);
  }

  #onGap(gap: Gap): void {
    if (this.#stopped) return;
    // The wall clock of a machine that was suspended has gone on.
    this.#originUnixMicros = this.#askOrigin();
    // On a crowded machine an idle thread is late for its core all the time: no reason to look more.
    if (this.#requests > 0) {
      this.#lastEventMs = gap.endMs;
      this.#lingerFromMs = gap.endMs;
    }
    this.#pending.push({
      gap,
      usage: this.#account.end(this.#busyBefore(gap)),
      throttledBeforeMs: this.#throttledMs,
      processStopped: this.#stopSign.wasStopped(gap.earliestMs, gap.latestEndMs),
    });
    this.#usageBegan();
    this.#heartbeat?.wake();
    if (this.#checkAskedMs !== null) return;
    this.#checkAskedMs = performance.now();
    // V8 tells of a collection before the callbacks of `setImmediate` of the turn in which it was.
    setImmediate(() => {
      this.#collectedMs = Math.max(this.#collectedMs, this.#checkAskedMs ?? 0);
      this.#checkAskedMs = null;
      if (this.#stopped) return;
      this.#settle();
      // Spans wait for the evidence that is still to come.
      if (this.#pending.length > 0) this.#lookWithin(this.#options.busyTickMs);
    }).unref();
  }

  /** Judges the gaps whose evidence is complete, or does not come. */
  #settle(): void {
    if (this.#pending.length === 0) return;
    this.#takeLateBeats();
    while (this.#pending[0] !== undefined && this.#isRipe(this.#pending[0].gap)) {
      this.#report(this.#pending.shift() as Pending);
    }
  }

  #takeLateBeats(): void {
    if (this.#heartbeat) this.#lateBeats.push(...this.#heartbeat.takeLate());
  }

  #forget(): void {
    this.#takeLateBeats();
    const neededFromMs = this.#pending[0]?.gap.earliestMs ?? this.watch.seenMs;
    this.#collections.forget(neededFromMs);
    this.#lateBeats = this.#lateBeats.filter(({ atMs }) => atMs >= neededFromMs);
  }

  #isRipe({ latestEndMs: endMs }: Gap): boolean {
    if (this.#stopped || this.#pending.length > MOST_PENDING) return true;
    if (endMs > this.#collectedMs) return false;
    const heartbeat = this.#heartbeat;
    const hasBeaten = !heartbeat?.beating || heartbeat.beatMs >= endMs;
    if (hasBeaten && this.#stacks?.isAsking !== true) return true;
    return performance.now() > endMs + EVIDENCE_LIMIT_MS;
  }

  #report({ gap, usage, throttledBeforeMs, processStopped }: Pending): void {
    const heartbeat = this.#heartbeat;
    const hasBeaten = heartbeat?.beating === true && heartbeat.beatMs >= gap.latestEndMs;
    const throttledMs =
      hasBeaten && this.#quota !== null ? heartbeat.throttledMs - throttledBeforeMs : null;
    const judged = judge(
      gap,
      this.#collections.collections(),
      hasBeaten
        ? { lateBeats: this.#lateBeats, beatBetween: (from, to) => heartbeat.beatBetween(from, to) }
        : null,
      { ...usage, throttledMs, processStopped },
      this.#options.minimumMs,
    );
    const recoveredUnixNano = gap.recoveredMs === null ? null : this.#unixNano(gap.recoveredMs);
    for (const { kind, startMs, endMs, evidence } of judged) {
      const startUnixNano = this.#unixNano(startMs);
      const endUnixNano = startUnixNano + toNano(endMs - startMs);
      // What ran when a collection or a stop was over is not its cause.
      const stack = kind === 'block' ? this.#stacks?.stackBetween(startMs, endMs) : undefined;
      this.#options.report({
        kind,
        startUnixNano,
        endUnixNano,
        recoveredUnixNano,
        evidence,
        ...(stack !== undefined && { stack }),
      });
    }
  }

  #beat(): void {
    const { idleTickMs, logger } = this.#options;
    this.#heartbeat = startHeartbeat({
      periodMs: idleTickMs,
      quota: this.#quota,
      onDeath: (reason) => {
        this.#heartbeat = null;
        if (this.#stopped) return;
        const again = this.#restarts++ < MOST_RESTARTS;
        logger.warn(
          `Pauses: the second thread, which tells how long a process was stopped, died (${reason}); ` +
            (again ? 'it is started again' : 'it is not started again'),
        );
        if (again) this.#beat();
      },
    });
  }

  #askOrigin(): number {
    return Number(this.#options.clock.unixNano(this.#originNano)) / 1000;
  }

  #unixNano(ms: number): bigint {
    return this.#options.clock.unixNano(this.#originNano + toNano(ms));
  }
}

function toNano(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
