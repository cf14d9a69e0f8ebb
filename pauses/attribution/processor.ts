import {
  type Attributes,
  type Context,
  diag,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import type { DetectedPause, PauseDetector } from '../detector/detectedPause.ts';
import { PauseAttribute } from '../strategy.ts';
import { answerAttributes } from './answerAttributes.ts';
import { answerSentMicros } from './answerSent.ts';
import type { Wait } from './arrival.ts';
import { PausedAttribute } from './attributes.ts';
import { derivedSpan, isQueueSpan, pauseSpan, queueSpan } from './derivedSpan.ts';
import { rootContext } from './ids.ts';
import { KnownPause, type Role } from './knownPause.ts';
import { LateRequests } from './lateRequests.ts';
import { longWait } from './longWait.ts';
import { RecentPauses } from './recentPauses.ts';
import { type EndedSpan, isLocalRoot, type LiveSpan, type NextProcessor } from './span.ts';
import { readHop } from './stamp.ts';
import { microsOf, microsOfNano, toMs, type UnixMicros } from './time.ts';

export interface PauseProcessorOptions {
  readonly detector: PauseDetector;
  /** Gets the spans, and those that are added. */
  readonly next: NextProcessor;
  /** Shortest wait before a handler that is told, in milliseconds. Default: 2. */
  readonly minWaitMs?: number;
  /** Most spans held for their evidence; default: 4096. What is more goes on with what is known. */
  readonly maxHeld?: number;
  /** Called for each span that is added, before `next` gets it. */
  readonly onAdded?: () => void;
  /** Called for each pause that nobody made on demand, when it is detected. */
  readonly onFound?: (pause: DetectedPause) => void;
  /** Called for each pause once its victims are known. */
  readonly onVictims?: (kind: string, counts: Readonly<Record<Role, number>>) => void;
}

/**
 * Least time between two ticks. The looks of a detector that runs give them: a timer would wake the
 * process once more, which costs as much as many spans.
 */
const tickMs = 12;
/** A tick counts for no more: the thread may have stood still before it. */
const longestTickMs = 50;
/**
 * A span is held for at most so many ticks in which the thread ran, and the rest of one: 48 ms. The
 * first may come at once, so that it is 36 ms at least: more than the evidence takes.
 */
const heldTicks = 3;
/** The span of a pause is held until nothing was learned of it for so long, */
const quietMs = 250;
/** and at most for so long. */
const openMs = 5000;
/** Pauses that are to have a span of their own, at one time. */
const maxOpen = 64;
/** Requests that are known to be here. Who never ends its spans must not fill the memory. */
const maxLive = 10_000;

/** A request that is begun with so soon after its sending found nothing that waited before it. */
const atOnceMicros = 500;

/** Of work that found the loop idle. */
const notBusy = Number.POSITIVE_INFINITY;

/** A made pause whose detection has not come yet. */
interface Made {
  readonly span: EndedSpan;
  waitedMs: number;
}

/** A span that waits for its evidence. */
interface Held {
  readonly span: EndedSpan;
  /** When the loop was last clear of work when its request was begun with; infinite: it found it so. */
  readonly busySinceMicros: UnixMicros;
  /** What is to be added to a client span whose answer was long on its way, or lay here. */
  readonly ofAnswer: Attributes | null;
}

/**
 * A span processor that stands before the one that exports. It tells of each span which pauses it
 * overlapped, adds a span for the wait of a request before its handler, and one for each pause.
 *
 * An ended span cannot be changed, and the evidence of a pause comes a turn of the loop later: so
 * ended spans are held until the detector says that all of it is in.
 */
export class PauseProcessor {
  readonly #detector: PauseDetector;
  readonly #next: NextProcessor;
  readonly #options: PauseProcessorOptions;
  readonly #minWaitMicros: number;
  readonly #maxHeld: number;
  readonly #recent = new RecentPauses();
  /** About in the order of their ends. */
  #held: Held[] = [];
  #handedOn = 0;
  /** How many had been taken in by each of the last ticks, newest first. */
  #takenInByTick: number[] = [];
  /** Local roots that have not ended, each with when the loop was last clear of work. */
  readonly #live = new Map<LiveSpan | EndedSpan, UnixMicros>();
  #inFlight = 0;
  readonly #late = new LateRequests();
  /** When the last request that was in flight had ended. */
  #emptiedMicros = Number.NEGATIVE_INFINITY;
  /**
   * The latest such moment before which no later one had come, or at which one was sent that was begun
   * with at once.
   */
  #clearMicros = Number.NEGATIVE_INFINITY;
  #open: KnownPause[] = [];
  #made: Made[] = [];
  /** Of the spans of this process. */
  #resource: object | null = null;
  #timer: NodeJS.Timeout | null = null;
  #tickedMs = performance.now();
  #stopped: Promise<void> | null = null;
  readonly #endListening: () => void;

  constructor(options: PauseProcessorOptions) {
    this.#options = options;
    this.#detector = options.detector;
    this.#next = options.next;
    this.#minWaitMicros = 1000 * (options.minWaitMs ?? 2);
    this.#maxHeld = options.maxHeld ?? 4096;
    const ends = [
      options.detector.onPause((pause) => this.#paused(pause)),
      options.detector.onLook(() => this.#look()),
    ];
    this.#endListening = () => {
      for (const end of ends) end();
    };
  }

  onStart(span: LiveSpan, context?: Context): void {
    this.#next.onStart?.(span as never, context as never);
    if (this.#stopped !== null) return;
    this.#detector.mark();
    if (!isLocalRoot(span)) {
      if (span.kind === SpanKind.CLIENT) this.#goesOn(span, span.startTime);
      return;
    }
    this.#resource ??= span.resource;
    const isServer = span.kind === SpanKind.SERVER;
    this.#live.set(span, isServer ? this.#lookForWait(span, span.parentSpanContext) : notBusy);
    if (this.#live.size > maxLive) this.#forgetOldest();
    else this.#detector.inFlight(++this.#inFlight);
  }

  onEnd(span: EndedSpan): void {
    if (this.#stopped !== null) {
      this.#next.onEnd(span);
      return;
    }
    this.#detector.mark();
    const isMade = isMadePause(span);
    const busySinceMicros = isLocalRoot(span) ? this.#left(span, isMade) : notBusy;
    if (isMade) this.#wasMade(span);
    else {
      const ofAnswer = span.kind === SpanKind.CLIENT ? this.#ofAnswer(span) : null;
      this.#hold({ span, busySinceMicros, ofAnswer });
    }
  }

  /** Waits for the evidence of what is held, at most 50 ms, hands it on, and flushes what is next. */
  async forceFlush(): Promise<void> {
    await this.#release();
    await this.#next.forceFlush();
  }

  /** The same; then the detector is stopped, and whatever comes later goes on as it is. Idempotent. */
  shutdown(): Promise<void> {
    this.#stopped ??= this.#release().then(async () => {
      this.#endListening();
      await this.#detector.stop();
      await this.#next.shutdown();
    });
    return this.#stopped;
  }

  #goesOn(span: LiveSpan | EndedSpan, time: EndedSpan['startTime']): void {
    if (!this.#late.isEmpty) this.#late.goesOn(span.spanContext().traceId, microsOf(time));
  }

  /** @returns when it was last clear of work that waited as its request was begun with. */
  #left(span: EndedSpan, isMade: boolean): UnixMicros {
    const busySinceMicros = this.#live.get(span);
    this.#goesOn(span, span.endTime);
    if (busySinceMicros === undefined) return notBusy;
    this.#live.delete(span);
    this.#detector.inFlight(--this.#inFlight);
    // Behind a pause that was made others may wait, unseen.
    if (this.#inFlight === 0 && !isMade) this.#emptiedMicros = microsOf(span.endTime);
    return busySinceMicros;
  }

  /**
   * A request that was not begun with at once gets a span for that.
   * @returns when it was last clear of work that waited; infinite only for one that did not wait.
   */
  #lookForWait(span: LiveSpan, parent: SpanContext | undefined): UnixMicros {
    const absentMicros = this.#detector.lastAbsentUnixMicros();
    if (absentMicros === null) return notBusy;
    const beganMicros = microsOf(span.startTime);
    const received = parent?.traceState?.serialize();
    const stamp = received === undefined ? null : (readHop(received)?.sentUnixMicros ?? null);
    const wait = longWait(beganMicros, stamp, absentMicros, this.#minWaitMicros, this.#detector);
    const arrivedMicros = wait?.fromMicros ?? Math.max(absentMicros, stamp ?? absentMicros);
    if (this.#inFlight === 0 && arrivedMicros > this.#emptiedMicros) {
      this.#clearMicros = Math.max(this.#clearMicros, this.#emptiedMicros);
    }
    if (stamp !== null && Math.abs(beganMicros - stamp) <= atOnceMicros) {
      this.#clearMicros = Math.max(this.#clearMicros, stamp);
    }
    const recoveredMicros = this.#detector.recoveredUnixMicros() ?? absentMicros;
    const restedMicros = this.#detector.restedMicros();
    const clearMicros = Math.min(
      Math.max(recoveredMicros, this.#clearMicros),
      this.#late.since(arrivedMicros, beganMicros, restedMicros),
    );
    if (wait !== null) this.#tellWait(span, parent, wait, clearMicros);
    const sinceMicros = Math.min(clearMicros, arrivedMicros);
    if (beganMicros - sinceMicros < this.#minWaitMicros) return notBusy;
    if (beganMicros - arrivedMicros >= this.#minWaitMicros) {
      this.#late.add(span.spanContext().traceId, clearMicros, beganMicros, restedMicros);
    }
    return clearMicros;
  }

  #tellWait(
    span: LiveSpan,
    parent: SpanContext | undefined,
    wait: Wait,
    busySinceMicros: UnixMicros,
  ): void {
    const beganMicros = microsOf(span.startTime);
    const { fromMicros, by, coreMicros, transitMicros, clockApartMicros } = wait;
    const waited = beganMicros - fromMicros >= this.#minWaitMicros;
    if (transitMicros !== null && transitMicros >= (waited ? this.#minWaitMicros : 1)) {
      span.setAttribute(PausedAttribute.transitMs, toMs(transitMicros));
    }
    if (clockApartMicros !== null) {
      span.setAttribute(PausedAttribute.clockApartMs, toMs(clockApartMicros));
    }
    if (!waited) return;
    span.setAttribute(PausedAttribute.waitMs, toMs(beganMicros - fromMicros));
    span.setAttribute(PausedAttribute.waitFrom, by);
    const attributes: Attributes = { [PausedAttribute.waitFrom]: by };
    if (coreMicros > 0) {
      attributes[PausedAttribute.waitCoreMs] = toMs(coreMicros);
      span.setAttribute(PausedAttribute.waitCoreMs, toMs(coreMicros));
    }
    if (parent === undefined) return;
    this.#options.onAdded?.();
    const queue = queueSpan(span, parent, fromMicros, attributes);
    this.#hold({ span: queue, busySinceMicros, ofAnswer: null });
  }

  /** What is to be told of an answer, of which only a few say when they were sent. */
  #ofAnswer(span: EndedSpan): Attributes | null {
    const absentMicros = this.#detector.lastAbsentUnixMicros();
    if (absentMicros === null) return null;
    const endMicros = microsOf(span.endTime);
    const sent = answerSentMicros(span);
    const wait = longWait(endMicros, sent, absentMicros, this.#minWaitMicros, this.#detector);
    if (wait === null) return null;
    return answerAttributes(endMicros - absentMicros, wait, this.#minWaitMicros);
  }

  #paused(detected: DetectedPause): void {
    const made = this.#takeMade(detected);
    const hasSpan = made !== null || this.#open.length < maxOpen;
    const pause = new KnownPause(detected, made?.spanContext() ?? rootContext(), hasSpan);
    pause.made = made;
    this.#recent.add(pause);
    if (hasSpan) this.#open.push(pause);
    if (made === null) this.#options.onFound?.(detected);
    this.#startTimer();
  }

  /** One pause has one span: that of whoever made it. Which of the two comes first is not certain. */
  #wasMade(span: EndedSpan): void {
    const pause = this.#open.find((one) => one.made === null && isSame(one.detected, span));
    if (pause === undefined) this.#made.push({ span, waitedMs: 0 });
    else {
      pause.made = span;
      if (!pause.linked) pause.context = span.spanContext();
    }
    this.#startTimer();
  }

  #takeMade(detected: DetectedPause): EndedSpan | null {
    const index = this.#made.findIndex(({ span }) => isSame(detected, span));
    return index < 0 ? null : (this.#made.splice(index, 1)[0]?.span ?? null);
  }

  #hold(one: Held): void {
    this.#held.push(one);
    if (this.#held.length > this.#maxHeld) this.#handOnFirst(1);
    else if (this.#held.length === 1) this.#startTimer();
  }

  /** For as long as the detector does not look. */
  #startTimer(): void {
    if (this.#stopped !== null || this.#detector.running) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, tickMs).unref();
  }

  get #takenIn(): number {
    return this.#handedOn + this.#held.length;
  }

  get #waits(): boolean {
    return this.#held.length + this.#open.length + this.#made.length > 0;
  }

  #look(): void {
    if (!this.#waits) return;
    this.#handOnSettled();
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#tickedMs;
    if (sinceMs >= tickMs) {
      this.#tickedMs = nowMs;
      this.#tick(Math.min(sinceMs, longestTickMs));
    }
    if (this.#waits) this.#startTimer();
  }

  #tick(sinceMs: number): void {
    this.#takenInByTick.unshift(this.#takenIn);
    if (this.#takenInByTick.length > heldTicks) this.#takenInByTick.pop();
    this.#made = this.#made.filter((one) => {
      one.waitedMs += sinceMs;
      if (one.waitedMs <= quietMs) return true;
      this.#next.onEnd(one.span);
      return false;
    });
    this.#open = this.#open.filter((pause) => {
      pause.quietMs += sinceMs;
      pause.openMs += sinceMs;
      if (pause.quietMs <= quietMs && pause.openMs <= openMs) return true;
      this.#close(pause);
      return false;
    });
  }

  #handOnSettled(): void {
    const settled = this.#detector.settledUnixMicros();
    const overdue = (this.#takenInByTick[heldTicks - 1] ?? 0) - this.#handedOn;
    const first = this.#held.findIndex(
      ({ span }, index) => index >= overdue && microsOf(span.endTime) > settled,
    );
    this.#handOnFirst(first < 0 ? this.#held.length : first);
  }

  #handOnFirst(count: number): void {
    if (count === 0) return;
    const ready = this.#held.splice(0, count);
    this.#handedOn += count;
    for (const one of ready) this.#next.onEnd(this.#judged(one));
  }

  #judged({ span, busySinceMicros, ofAnswer }: Held): EndedSpan {
    try {
      const additions = this.#recent.judge(span, busySinceMicros);
      if (ofAnswer === null) {
        return additions === null ? span : derivedSpan(span, additions);
      }
      const attributes = { ...additions?.attributes, ...ofAnswer };
      return derivedSpan(span, { ...additions, attributes });
    } catch (error) {
      diag.error('aftershock/pauses: a span goes on as it is', error);
      return span;
    }
  }

  async #release(): Promise<void> {
    const last = this.#takenIn;
    for (let tick = 0; tick <= heldTicks && this.#handedOn < last; tick++) {
      this.#handOnSettled();
      if (this.#handedOn < last) await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
    this.#handOnFirst(Math.max(0, Math.min(this.#held.length, last - this.#handedOn)));
    for (const { span } of this.#made.splice(0)) this.#next.onEnd(span);
    for (const pause of this.#open.splice(0)) this.#close(pause);
  }

  #close(pause: KnownPause): void {
    // Those that are still here were hit, too; when they are judged, the pause's own span has gone.
    for (const span of this.#live.keys()) this.#addIfHit(pause, span, Number.POSITIVE_INFINITY);
    for (const { span } of this.#held) {
      if (!isLocalRoot(span) || isQueueSpan(span)) continue;
      this.#addIfHit(pause, span, microsOf(span.endTime));
    }
    this.#options.onVictims?.(pause.kind, pause.counts);
    if (this.#resource === null) return;
    if (isIdleStarvation(pause)) return;
    if (pause.made === null) this.#options.onAdded?.();
    this.#next.onEnd(pauseSpan(pause, this.#resource));
  }

  #addIfHit(
    pause: KnownPause,
    span: Pick<EndedSpan, 'startTime' | 'spanContext'>,
    endMicros: UnixMicros,
  ): void {
    const overlapMicros = pause.overlapMicros(microsOf(span.startTime), endMicros);
    if (overlapMicros > 0) pause.addVictim('hit', span.spanContext(), overlapMicros);
  }

  #forgetOldest(): void {
    for (const span of this.#live.keys()) {
      this.#live.delete(span);
      this.#goesOn(span, span.startTime);
      return;
    }
  }
}

/** On a crowded machine an idle thread is late for its core many times a second: nobody's harm. */
function isIdleStarvation({ kind, made, linked, counts }: KnownPause): boolean {
  return kind === 'starved' && made === null && !linked && counts.hit + counts.queued === 0;
}

/** Made on demand, as `pauses/maker.ts` does: it says how long it was to be. */
function isMadePause({ kind, attributes }: EndedSpan): boolean {
  return kind === SpanKind.INTERNAL && attributes[PauseAttribute.requestedMs] !== undefined;
}

/** Whether a pause that was detected is one that was made: they share most of the latter. */
function isSame({ startUnixNano, endUnixNano }: DetectedPause, made: EndedSpan): boolean {
  const [start, end] = [microsOf(made.startTime), microsOf(made.endTime)];
  const overlap =
    Math.min(end, microsOfNano(endUnixNano)) - Math.max(start, microsOfNano(startUnixNano));
  return overlap > (end - start) / 2;
}
