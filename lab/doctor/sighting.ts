import { setTimeout as sleep } from 'node:timers/promises';
import type { Span } from '../../traces/span.ts';
import { list, plural } from '../report/format.ts';
import { type Canary, canarySpan } from './canary.ts';
import type { Sighting } from './evidence.ts';
import { hopsOf, isWhole, serviceOf } from './hops.ts';
import { isQueryApi } from './recognise.ts';
import { askStrays, askTrace } from './store.ts';
import type { Targets } from './targets.ts';

export interface WatchOptions {
  readonly targets: Targets;
  /** For each answer, and for the trace to be whole. */
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

/** Time between two looks at the store. */
const lookEveryMs = 250;
/** For each of the searches for spans that are in other traces. */
const strayTimeoutMs = 3000;

/**
 * Looks until the trace is whole, the time is over, or there is nothing to wait for.
 * @param isAnswered whether a service of the mesh took the request.
 * @param isExported whether the collector took the doctor's own span.
 */
export async function watchFor(
  canary: Canary,
  isAnswered: boolean,
  isExported: boolean,
  { targets, timeoutMs, say }: WatchOptions,
): Promise<Sighting> {
  const { url } = targets.query;
  const startMs = performance.now();
  const spans = new Map<string, Span>();
  const own = canarySpan(canary);
  for (;;) {
    const { reply, spans: found } = await askTrace(url, canary.traceId, timeoutMs);
    const foundIds = new Set(found.map(({ spanId }) => spanId));
    const vanished = isQueryApi(reply)
      ? [...spans.keys()].filter((id) => !foundIds.has(id)).length
      : 0;
    for (const span of found) spans.set(span.spanId, span);
    const all = [...spans.values()];
    const waitedMs = performance.now() - startMs;
    const whole =
      (!isAnswered || isWhole(hopsOf(all, own))) && (!isExported || spans.has(canary.spanId));
    const isHopeless = !isQueryApi(reply) || (!isExported && !isAnswered);
    if (whole || vanished > 0 || isHopeless || waitedMs >= timeoutMs) {
      const isEntryThere = all.some(({ kind }) => kind === 'server');
      const strays =
        isAnswered && !isEntryThere && isQueryApi(reply)
          ? await askStrays(
              url,
              canary.userAgent,
              Number(canary.startUnixNano / 1_000_000n),
              strayTimeoutMs,
            )
          : [];
      return { reply, spans: all, waitedMs, vanished, strays };
    }
    say(`waiting for the trace: ${describeWait(all)}, ${(waitedMs / 1000).toFixed(0)} s`);
    await sleep(lookEveryMs);
  }
}

/** What has arrived, for whoever waits. */
function describeWait(spans: readonly Span[]): string {
  if (spans.length === 0) return 'nothing yet';
  const services = [...new Set(spans.map(serviceOf))];
  return `${plural(spans.length, 'span')} of ${list(services)} so far`;
}
