import { criticalPath, jaegerRules } from '../../traces/criticalPath.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { spanTree } from '../../traces/tree.ts';
import { nanoToMs } from './runTime.ts';

/** Where the critical path of one trace lies, in milliseconds. */
export interface PathTime {
  readonly paused: number;
  /** In other services, up to the pause's end. */
  readonly before: number;
  /** In other services, from then on. */
  readonly after: number;
}

/**
 * The critical path of a trace as Jaeger's page draws it: what of it is the paused service's, and
 * what is others' before and after the end of the pause. Null: there is no root.
 */
export function pathTime(
  spans: readonly Span[],
  service: string,
  pauseEndUnixNano: bigint,
): PathTime | null {
  const root = spanTree(spans).roots.find(({ place }) => place === 'root');
  if (root === undefined) return null;
  let [paused, before, after] = [0, 0, 0];
  for (const { span, startUnixNano, endUnixNano } of criticalPath(root, jaegerRules)) {
    const lengthMs = nanoToMs(endUnixNano - startUnixNano);
    if (serviceOf(span) === service) paused += lengthMs;
    else {
      const afterMs = Math.max(0, Math.min(lengthMs, nanoToMs(endUnixNano - pauseEndUnixNano)));
      after += afterMs;
      before += lengthMs - afterMs;
    }
  }
  return { paused, before, after };
}

/** The same trace as it would be without the library: what it adds are spans of their own. */
export function withoutLibrary(spans: readonly Span[]): Span[] {
  return spans.filter(({ scope }) => scope.name !== 'aftershock/pauses');
}

/** What victims took longer than others, summed over them, in milliseconds. */
export interface ExtraTime {
  readonly totalMs: number;
  readonly pausedMs: number;
  /** Charged to others while the pause lasted. */
  readonly elsewhereMs: number;
  /** Charged to others after it: the backlog passes them, too. */
  readonly backlogMs: number;
}

/**
 * @param victims paths of victims.
 * @param usual mean of paths in the baseline; what others usually take is taken off where they took
 *   more: in proportion to what they took before and after.
 */
export function extraTime(victims: readonly PathTime[], usual: PathTime): ExtraTime {
  let [paused, elsewhere, backlog] = [0, 0, 0];
  const usualElsewhere = usual.before + usual.after;
  for (const path of victims) {
    const others = path.before + path.after;
    const share = others > 0 ? path.before / others : 0;
    paused += path.paused - usual.paused;
    elsewhere += path.before - usualElsewhere * share;
    backlog += path.after - usualElsewhere * (1 - share);
  }
  return {
    totalMs: paused + elsewhere + backlog,
    pausedMs: paused,
    elsewhereMs: elsewhere,
    backlogMs: backlog,
  };
}

export function meanPath(paths: readonly PathTime[]): PathTime {
  const mean = (part: keyof PathTime) =>
    paths.reduce((sum, path) => sum + path[part], 0) / paths.length;
  return { paused: mean('paused'), before: mean('before'), after: mean('after') };
}
