import {
  type Attributes,
  type Context,
  diag,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import type { DetectedPause, PauseDetector } from '../detector/detectedPause.ts';
import { answerAttributes } from './answerAttributes.ts';
import { answerSentMicros } from './answerSent.ts';
import type { Wait } from './arrival.ts';
import { PausedAttribute } from './attributes.ts';
import { BusySince, notBusy } from './busySince.ts';
import { derivedSpan, isQueueSpan, pauseSpan, queueSpan } from './derivedSpan.ts';
import { type Held, HeldSpans, tickMs } from './heldSpans.ts';
import type { KnownPause, Role } from './knownPause.ts';
import { longWait } from './longWait.ts';
import { isMadePause, OpenPauses } from './openPauses.ts';
import { RecentPauses } from './recentPauses.ts';
import { type EndedSpan, isLocalRoot, type LiveSpan, type NextProcessor } from './span.ts';
import { readHop } from './stamp.ts';
import { microsOf, toMs, type UnixMicros } from './time.ts';

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

/** A tick counts for no more: the thread may have stood still before it. */
const longestTickMs = 50;
/** Requests that are known to be here. Who never ends its spans must not fill the memory. */
const maxLive = 10_000;

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
  readonly #recent = new RecentPauses();
  readonly #held: HeldSpans;
  readonly #open: OpenPauses;
  /** Local roots that have not ended, each with when the loop was last clear of work. */
  readonly #live = new Map<LiveSpan | EndedSpan, UnixMicros>();
  #inFlight = 0;
  readonly #busySince: BusySince;
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
    this.#busySince = new BusySince(this.#minWaitMicros);
    this.#held = new HeldSpans(options.maxHeld ?? 4096, (one) =>
      this.#next.onEnd(this.#judged(one)),
    );
    this.#open = new OpenPauses({
      onClosed: (pause) => this.#close(pause),
      onUndetected: (made) => this.#next.onEnd(made),
    });
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
      if (span.kind === SpanKind.CLIENT) this.#busySince.goesOn(span, span.startTime);
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
    if (isMade) {
      this.#open.wasMade(span);
      this.#startTimer();
      return;
    }
    const ofAnswer = span.kind === SpanKind.CLIENT ? this.#ofAnswer(span) : null;
    this.#hold({ span, busySinceMicros, ofAnswer });
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

  /** @returns when it was last clear of work that waited as its request was begun with. */
  #left(span: EndedSpan, isMade: boolean): UnixMicros {
    const busySinceMicros = this.#live.get(span);
    this.#busySince.goesOn(span, span.endTime);
    if (busySinceMicros === undefined) return notBusy;
    this.#live.delete(span);
    this.#detector.inFlight(--this.#inFlight);
    // Behind a pause that was made others may wait, unseen.
    if (this.#inFlight === 0 && !isMade) this.#busySince.emptied(span.endTime);
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
    const busySinceMicros = this.#busySince.begin(
      {
        traceId: span.spanContext().traceId,
        sentMicros: stamp,
        arrivedMicros: wait?.fromMicros ?? Math.max(absentMicros, stamp ?? absentMicros),
        beganMicros,
        isAlone: this.#inFlight === 0,
      },
      {
        recoveredMicros: this.#detector.recoveredUnixMicros() ?? absentMicros,
        restedMicros: this.#detector.restedMicros(),
      },
    );
    if (wait !== null) this.#tellWait(span, parent, wait, busySinceMicros);
    return busySinceMicros;
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
    const pause = this.#open.detected(detected);
    this.#recent.add(pause);
    if (pause.made === null) this.#options.onFound?.(detected);
    this.#startTimer();
  }

  #hold(one: Held): void {
    this.#held.add(one);
    if (this.#held.size === 1) this.#startTimer();
  }

  /** For as long as the detector does not look. */
  #startTimer(): void {
    if (this.#stopped !== null || this.#detector.running) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, tickMs).unref();
  }

  get #waits(): boolean {
    return this.#held.size + this.#open.size > 0;
  }

  #look(): void {
    if (!this.#waits) return;
    this.#held.handOnSettled(this.#detector.settledUnixMicros());
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#tickedMs;
    if (sinceMs >= tickMs) {
      this.#tickedMs = nowMs;
      this.#held.tick();
      this.#open.tick(Math.min(sinceMs, longestTickMs));
    }
    if (this.#waits) this.#startTimer();
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
    await this.#held.release(() => this.#detector.settledUnixMicros());
    this.#open.closeAll();
  }

  #close(pause: KnownPause): void {
    // Those that are still here were hit, too; when they are judged, the pause's own span has gone.
    for (const span of this.#live.keys()) this.#addIfHit(pause, span, Number.POSITIVE_INFINITY);
    for (const span of this.#held.spans) {
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
      this.#busySince.goesOn(span, span.startTime);
      return;
    }
  }
}

/** On a crowded machine an idle thread is late for its core many times a second: nobody's harm. */
function isIdleStarvation({ kind, made, linked, counts }: KnownPause): boolean {
  return kind === 'starved' && made === null && !linked && counts.hit + counts.queued === 0;
}
