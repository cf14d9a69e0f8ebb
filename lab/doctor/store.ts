import { z } from 'zod';
import { spansOf } from '../../traces/source/jaegerAnswer.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
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
  const url = `${queryUrl}/api/v3/traces/${traceId}?rawTraces=true&raw_traces=true`;
  const reply = await ask(url, { timeoutMs });
  return { reply, spans: readSpans(reply, queryUrl, `trace ${traceId}`) };
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
      ...bothSpellings('serviceName', service),
      ...bothSpellings('startTimeMin', new Date(startUnixMs - minuteMs).toISOString()),
      ...bothSpellings('startTimeMax', new Date(startUnixMs + minuteMs).toISOString()),
      'query.attributes': JSON.stringify({ 'user_agent.original': userAgent }),
      'query.searchDepth': '5',
      'query.num_traces': '5',
    });
    return ask(`${queryUrl}/api/v3/traces?${parameters}`, { timeoutMs });
  });
  return (await Promise.all(searches))
    .flatMap((reply) => readSpans(reply, queryUrl, 'the canary'))
    .filter(({ attributes }) => attributes['user_agent.original'] === userAgent);
}

/** Jaeger 2.13 reads parameters in snake case, later ones in camel case. */
function bothSpellings(name: string, value: string): Record<string, string> {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { [`query.${name}`]: value, [`query.${snake}`]: value };
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

/** Spans of the answer; none where it is not one of the query API: its stage is judged by the reply. */
function readSpans(reply: Reply, baseUrl: string, what: string): readonly Span[] {
  if (reply.kind !== 'answer') return [];
  const { status, headers, body } = reply;
  const contentType = headers['content-type'] ?? '';
  try {
    return spansOf({ status, contentType, body: Buffer.from(body) }, { baseUrl, what });
  } catch (error) {
    if (error instanceof SourceError) return [];
    throw error;
  }
}
