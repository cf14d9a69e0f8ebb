import { lengthNano, union, within } from '../interval.ts';
import { type Expected, fits, show } from '../pattern.ts';
import { pausesOn, type SeenPause } from '../pauseEvidence.ts';
import { processOf } from '../service.ts';
import type { Trace } from '../trace.ts';
import { msText } from '../waterfall.ts';
import { traceOf } from './subject.ts';
import { type Bounds, describeBounds, isWithin } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface PauseExpected extends Bounds {
  /** The service that paused. */
  readonly service: string;
  /** Such as `gc`. Default: any. */
  readonly kind?: Expected<string>;
}

/** So much of the critical path is a pause of the service; without bounds, more than nothing. */
export function toAttributePause(
  this: MatcherContext,
  received: unknown,
  { service, kind, ...given }: PauseExpected,
): MatcherResult {
  const trace = traceOf(received);
  const pauses = trace.spans.flatMap(pausesOn);
  const ofService = pauses.filter((pause) => pause.service === service);
  const ofKind = ofService.filter((pause) => kind === undefined || fits(pause.kind, kind));
  const nano = onPathNano(trace, service, ofKind);
  const isOpen = given.minMs === undefined && given.maxMs === undefined;
  const bounds: Bounds = isOpen ? { ...given, minMs: given.toleranceMs ?? 1 } : given;
  // No pause is no doubt.
  const within = nano === 0n && bounds.maxMs === undefined ? false : isWithin(nano, bounds);
  const what = `a pause${kind === undefined ? '' : ` of kind ${show(kind)}`} of ${service}`;
  return report(this, trace, 'toAttributePause', {
    pass: ofKind.length === 0 ? false : within,
    must: `be slow by ${what}, ${describeBounds(bounds)}`,
    expected: `${what}, ${describeBounds(bounds)}`,
    actual:
      ofService.length === 0
        ? `no pause of ${service}; pauses: ${show([...new Set(pauses.map((each) => each.service))])}`
        : ofKind.length === 0
          ? `only ${show([...new Set(ofService.map((each) => each.kind))])} of ${service}`
          : `${show([...new Set(ofKind.map((each) => each.kind))])} of ${service}, ${msText(nano)} on the critical path`,
    notes: new Map(pauses.map((each) => [each.span.spanId, [`a pause of ${each.service}`]])),
  });
}

/** How much of what is blamed on pauses of the service lies in one of `pauses`. */
function onPathNano(trace: Trace, service: string, pauses: readonly SeenPause[]): bigint {
  const byProcess = Map.groupBy(pauses, ({ span }) => processOf(span));
  const when = new Map([...byProcess].map(([process, list]) => [process, union(list)]));
  let nano = 0n;
  for (const section of trace.blameSections) {
    // Where one of these pauses was, no other cause is blamed, but maybe a pause of the caller.
    if (section.service !== service) continue;
    // A client's section is blamed on the process that it called, or on its own.
    const { span: on } = section;
    const called = on.kind === 'client' ? (trace.get(on.spanId)?.node.children ?? []) : [];
    const processes = new Set([on, ...called.map(({ span }) => span)].map(processOf));
    const near = [...processes].flatMap((process) => when.get(process) ?? []);
    nano += lengthNano(within(section, union(near)));
  }
  return nano;
}
