import type { Attributes, Link } from '@opentelemetry/api';
import { PauseAttribute } from '../strategy.ts';
import { PausedAttribute, turnWaitMs } from './attributes.ts';
import { type Additions, isQueueSpan } from './derivedSpan.ts';
import type { KnownPause, Role } from './knownPause.ts';
import { type EndedSpan, isLocalRoot, type SpanEvent } from './span.ts';
import { hrTimeOf, microsOf, toMs } from './time.ts';

/** Longer spans than these cover are judged by them alone. */
const pausesKept = 1024;
/** Events, and links, that one span gets. */
const perSpan = 32;

/** The last pauses of a process, and what they did to a span. */
export class RecentPauses {
  /** By rising start. None is drained later than the next one starts. */
  readonly #pauses: KnownPause[] = [];
  /**
   * Kept, not read. Once none is left of a class of objects, V8 forgets what they looked like, and the
   * next one makes it throw away code that reads them: with each pause, that of the exporter.
   */
  lastWithEvents: Additions | null = null;

  /** To be called in the order in which they began. */
  add(pause: KnownPause): void {
    this.#pauses.at(-1)?.handsOverTo(pause);
    this.#pauses.push(pause);
    if (this.#pauses.length > pausesKept) this.#pauses.shift();
  }

  /**
   * What is to be added to an ended span; null: no pause touched it. Of a backlog it must see the
   * spans about in the order in which their requests were begun with, because it follows the
   * backlog by them.
   *
   * @param busySinceMicros when the loop was last clear of work when the request was begun with: it
   *   is in the backlog of a pause also where only the rest of the work on others stood before it.
   */
  judge(span: EndedSpan, busySinceMicros = Number.POSITIVE_INFINITY): Additions | null {
    const newest = this.#pauses.at(-1);
    if (newest === undefined) return null;
    const start = microsOf(span.startTime);
    // Most spans where the loop rests: it found it idle, and no pause was about.
    if (busySinceMicros === Number.POSITIVE_INFINITY && start > newest.drainedMicros) return null;
    const isQueue = isQueueSpan(span);
    const isRoot = !isQueue && isLocalRoot(span);
    // Most where it never does; the same is found below, at more cost.
    if (!isRoot && !isQueue && start > newest.endMicros) return null;
    const waited = isRoot ? 1000 * numberOf(span.attributes[PausedAttribute.waitMs]) : 0;
    const arrived = start - waited;
    if (arrived > newest.drainLimitMicros) return null;
    const joined = isRoot || isQueue ? Math.min(arrived, busySinceMicros) : arrived;
    if (joined > newest.drainedMicros) return null;
    const end = microsOf(span.endTime);
    const begun = isQueue ? end : start + 1000 * numberOf(span.attributes[turnWaitMs]);

    const touched: KnownPause[] = [];
    let role: Role | null = null;
    let overlapMicros = 0;
    let waitMicros = 0;
    for (let index = this.#pauses.length - 1; index >= 0; index--) {
      const pause = this.#pauses[index] as KnownPause;
      const next = this.#pauses[index + 1];
      const isNewest = next === undefined || arrived <= next.startMicros;
      if ((isNewest ? joined : arrived) > pause.drainedMicros) break;
      if (arrived > pause.drainLimitMicros) break;
      if (end < pause.startMicros) continue;
      const harm = pause.overlapMicros(arrived, end);
      const isHit = harm > 0;
      if (isRoot || isQueue) pause.drainsTo(begun);
      if (isHit) {
        overlapMicros += Math.max(0, pause.overlapMicros(start, end));
        waitMicros += Math.max(0, pause.overlapMicros(arrived, start));
        role = 'hit';
      } else if (!isRoot && !isQueue) continue;
      else role ??= 'queued';
      if (isRoot) {
        pause.addVictim(
          isHit ? 'hit' : 'queued',
          span.spanContext(),
          isHit ? harm : begun - arrived,
        );
      }
      touched.push(pause);
    }
    if (role === null) return null;

    const attributes: Attributes = {};
    if (isRoot || isQueue) attributes[PausedAttribute.role] = role;
    if (overlapMicros > 0) attributes[PausedAttribute.overlapMs] = toMs(overlapMicros);
    if (waitMicros > 0) attributes[PausedAttribute.waitPauseMs] = toMs(waitMicros);
    const told = touched.slice(0, perSpan).reverse();
    const events = eventsOf(told, start, end);
    const additions = { attributes, events, links: linksOf(told) };
    if (events.length > 0) this.lastWithEvents = additions;
    return additions;
  }
}

function eventsOf(pauses: readonly KnownPause[], start: number, end: number): SpanEvent[] {
  return pauses.flatMap((pause) => {
    const overlapMicros = pause.overlapMicros(start, end);
    if (overlapMicros <= 0) return [];
    return {
      name: 'pause',
      time: hrTimeOf(Math.max(start, pause.startMicros)),
      attributes: {
        [PauseAttribute.kind]: pause.detected.kind,
        [PausedAttribute.durationMs]: toMs(pause.endMicros - pause.startMicros),
        [PausedAttribute.overlapMs]: toMs(overlapMicros),
      },
      droppedAttributesCount: 0,
    };
  });
}

function linksOf(pauses: readonly KnownPause[]): Link[] {
  return pauses.flatMap((pause) => {
    if (!pause.hasSpan) return [];
    pause.linked = true;
    return { context: pause.context };
  });
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
