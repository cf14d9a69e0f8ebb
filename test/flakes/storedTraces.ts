import { pausesOn } from '../../traces/pauseEvidence.ts';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import { kinds } from './meshPauses.ts';

/** What the collector's file says of the runs, whatever the tests looked at. */
export interface StoredTraces {
  /** Of requests. */
  readonly traces: number;
  /** Of these, with a span that an ordered pause has hit. */
  readonly paused: number;
  /** Ordered pauses by kind. */
  readonly pauses: ReadonlyMap<string, number>;
}

/** @throws {Error} if the file cannot be read, or has a line that is no OTLP. */
export async function readStoredTraces(path: string): Promise<StoredTraces> {
  const isPaused = new Map<string, boolean>();
  const pauses = new Map<string, number>(kinds.map((kind) => [kind, 0]));
  const fail = ({ line, message }: { readonly line: number; readonly message: string }) => {
    throw new Error(`${path}, line ${line}: ${message}`);
  };
  for await (const spans of readTraceFile(path, fail)) {
    for (const span of spans) {
      const { traceId, kind, attributes } = span;
      const pause = attributes['aftershock.pause.kind'];
      if (typeof pause === 'string' && kind === 'internal') {
        // Those that were only found have not been asked for.
        const isOrdered = attributes['aftershock.pause.requested_ms'] !== undefined;
        if (isOrdered) pauses.set(pause, (pauses.get(pause) ?? 0) + 1);
      } else {
        const hit = pausesOn(span).some((pause) => pauses.has(pause.kind));
        isPaused.set(traceId, hit || isPaused.get(traceId) === true);
      }
    }
  }
  const paused = [...isPaused.values()].filter((hit) => hit).length;
  return { traces: isPaused.size, paused, pauses };
}
