import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { printable } from '../../traces/textWidth.ts';
import type { Trace } from '../../traces/trace.ts';
import { msText } from '../../traces/waterfall.ts';
import { short } from './short.ts';

/** What a span tells besides. */
export interface Detail {
  readonly at: bigint | null;
  readonly span: Span;
  readonly what: string;
}

/** Where a status says why. */
export function errorDetails({ spans }: Trace): Detail[] {
  return spans
    .filter(({ status }) => status.code === 'error' && status.message !== '')
    .map((span) => ({ at: span.endUnixNano, span, what: printable(span.status.message) }));
}

/** But for those of pauses, which have lines of their own. */
export function eventDetails({ spans }: Trace): Detail[] {
  return spans
    .flatMap((span) => span.events.map((event) => ({ span, event })))
    .filter(({ event }) => event.attributes['aftershock.pause.kind'] === undefined)
    .sort((a, b) => compare(a.event.timeUnixNano, b.event.timeUnixNano))
    .map(({ span, event }) => {
      const said = ['exception.type', 'exception.message']
        .map((key) => event.attributes[key])
        .filter((value) => typeof value === 'string');
      const what = [event.name, said.join(': ')].filter((part) => part !== '').join(' ');
      return { at: event.timeUnixNano, span, what: printable(what) };
    });
}

/** But for those to pauses. */
export function linkDetails(trace: Trace, pauses: readonly Span[]): Detail[] {
  const pauseIds = new Set(pauses.map(({ spanId }) => spanId));
  return trace.spans.flatMap((span) =>
    span.links
      .filter(
        ({ spanId, attributes }) =>
          !pauseIds.has(spanId) && attributes['aftershock.pause.kind'] === undefined,
      )
      .map((link) => {
        const target = trace.get(link.spanId);
        const to = target === null ? `span ${link.spanId}` : labelOf(target.span);
        const elsewhere = link.traceId === trace.traceId ? '' : ` of trace ${link.traceId}`;
        return { at: null, span, what: `→ ${to}${elsewhere}` };
      }),
  );
}

/** The longest pauses first, that have spans of their own, in its services while it ran. */
export function pauseDetails(trace: Trace, pauses: readonly Span[]): Detail[] {
  const links = new Map<string, number>();
  for (const { spanId } of trace.spans.flatMap((span) => span.links)) {
    links.set(spanId, (links.get(spanId) ?? 0) + 1);
  }
  return pausesDuring(trace, pauses)
    .sort((a, b) => compare(b.endUnixNano - b.startUnixNano, a.endUnixNano - a.startUnixNano))
    .map((pause) => {
      const took = msText(pause.endUnixNano - pause.startUnixNano);
      const spans = links.get(pause.spanId) ?? 0;
      const hit = spans === 0 ? '' : `, hit ${spans} span${spans === 1 ? '' : 's'}`;
      return { at: pause.startUnixNano, span: pause, what: `${took}${hit}` };
    });
}

export function pausesDuring({ root, services }: Trace, pauses: readonly Span[]): Span[] {
  if (root === null) return [];
  const { startUnixNano, endUnixNano } = root.span;
  return pauses
    .filter(
      (pause) =>
        pause.startUnixNano < endUnixNano &&
        pause.endUnixNano > startUnixNano &&
        services.includes(serviceOf(pause)),
    )
    .sort((a, b) => compare(a.startUnixNano, b.startUnixNano));
}

export function labelOf(span: Span): string {
  return `${short(serviceOf(span), 16)} ${short(span.name)}`;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
