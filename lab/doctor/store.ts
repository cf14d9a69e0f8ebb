import { z } from 'zod';
import { decodeOtlpJson } from '../../traces/otlp/decode.ts';
import type { Span } from '../../traces/span.ts';
import { ask, type Reply } from './ask.ts';
import { jsonOf } from './json.ts';

export interface StoredTrace {
  readonly reply: Reply;
  /** Empty where the store has none of them, or gave no answer that could be read. */
  readonly spans: readonly Span[];
}

/** The trace as the query API has it, untouched. */
export async function askTrace(
  queryUrl: string,
  traceId: string,
  timeoutMs: number,
): Promise<StoredTrace> {
  const reply = await ask(`${queryUrl}/api/v3/traces/${traceId}?raw_traces=true`, { timeoutMs });
  return { reply, spans: spansOf(reply) };
}

/** Services whose traces are searched for the canary's request; a store may know thousands. */
const maxServices = 20;

/** Spans of any trace whose `user_agent.original` is `userAgent`, from about `startUnixMs`. */
export async function askStrays(
  queryUrl: string,
  userAgent: string,
  startUnixMs: number,
  timeoutMs: number,
): Promise<readonly Span[]> {
  const known = services.safeParse(jsonOf(await ask(`${queryUrl}/api/v3/services`, { timeoutMs })));
  if (!known.success) return [];
  const minuteMs = 60_000;
  const searches = known.data.services.slice(0, maxServices).map((service) => {
    const parameters = new URLSearchParams({
      'query.service_name': service,
      'query.start_time_min': new Date(startUnixMs - minuteMs).toISOString(),
      'query.start_time_max': new Date(startUnixMs + minuteMs).toISOString(),
      'query.attributes': JSON.stringify({ 'user_agent.original': userAgent }),
      'query.search_depth': '5',
    });
    return ask(`${queryUrl}/api/v3/traces?${parameters}`, { timeoutMs });
  });
  return (await Promise.all(searches))
    .flatMap(spansOf)
    .filter(({ attributes }) => attributes['user_agent.original'] === userAgent);
}

const services = z.object({ services: z.array(z.string()) });

const embedded = z.object({
  acceptedByService: z.record(z.string(), z.number()),
  rejected: z.number(),
  evicted: z.number(),
  evictedTraces: z.number(),
  heldSpans: z.number(),
  heldTraces: z.number(),
  restored: z.number(),
});

/** What the doctor reads of the embedded collector's counts. */
export type EmbeddedCounts = z.infer<typeof embedded>;

/** The embedded collector's counts; null where it is not the one that answers. */
export async function askEmbedded(
  queryUrl: string,
  timeoutMs: number,
): Promise<EmbeddedCounts | null> {
  const parsed = embedded.safeParse(jsonOf(await ask(`${queryUrl}/stats`, { timeoutMs })));
  return parsed.success ? parsed.data : null;
}

function spansOf(reply: Reply): readonly Span[] {
  const result = (jsonOf(reply) as { result?: unknown } | null | undefined)?.result;
  if (typeof result !== 'object' || result === null) return [];
  try {
    return decodeOtlpJson(result).spans;
  } catch {
    return []; // not OTLP: the stage is judged by the reply
  }
}
