import { randomBytes } from 'node:crypto';
import type { Span } from '../../traces/span.ts';
import { ask, type Reply } from './ask.ts';

/** A tracestate member of somebody else's, which every hop must pass on. */
export const foreignMember = 'doctor=canary';
/** Not first in the alphabet: Jaeger's Monitor tab opens on the first of its services. */
export const doctorService = 'doctor';

/** The request that is followed, and the answer that it got. */
export interface Canary {
  readonly traceId: string;
  readonly spanId: string;
  readonly url: string;
  /** Found on the entry's span wherever it ends up: it holds the trace id. */
  readonly userAgent: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly reply: Reply;
}

/** Paths that a mesh's entry may take: a gateway's, and a relay's. */
const paths = ['/users/42', '/relay/42'];

/**
 * Sends the canary, sampled, in a trace of its own. A gateway URL with a path is used as it is.
 */
export async function sendCanary(gatewayUrl: string, timeoutMs: number): Promise<Canary> {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  const userAgent = `aftershock-doctor (${traceId})`;
  const hasPath = new URL(gatewayUrl).pathname !== '/';
  for (const path of hasPath ? [''] : paths) {
    const url = gatewayUrl + path;
    const startUnixNano = BigInt(Date.now()) * 1_000_000n;
    const reply = await ask(url, {
      timeoutMs,
      headers: {
        accept: 'application/json',
        traceparent: `00-${traceId}-${spanId}-01`,
        tracestate: foreignMember,
        'user-agent': userAgent,
      },
    });
    const endUnixNano = startUnixNano + BigInt(Math.round(reply.durationMs * 1e6));
    const canary = { traceId, spanId, url, userAgent, startUnixNano, endUnixNano };
    const wrongPath = reply.kind === 'answer' && reply.body.includes('"no-such-path"');
    if (!wrongPath || path === '' || path === paths.at(-1)) return { ...canary, reply };
  }
  throw new Error('unreachable: the last path returns');
}

/** The doctor's own span: the root of the canary's trace, as seen at the client. */
export function canarySpan(canary: Canary): Span {
  const { reply } = canary;
  const failed = reply.kind !== 'answer' || reply.status >= 400;
  return {
    traceId: canary.traceId,
    spanId: canary.spanId,
    parentSpanId: '',
    name: 'GET canary',
    kind: 'client',
    startUnixNano: canary.startUnixNano,
    endUnixNano: canary.endUnixNano,
    attributes: {
      'http.request.method': 'GET',
      'url.full': canary.url,
      ...(reply.kind === 'answer' && { 'http.response.status_code': reply.status }),
      ...(failed && { 'error.type': reply.kind === 'answer' ? String(reply.status) : reply.kind }),
    },
    events: [],
    links: [],
    status: { code: failed ? 'error' : 'unset', message: '' },
    traceState: foreignMember,
    flags: 1,
    resource: { attributes: { 'service.name': doctorService } },
    scope: { name: doctorService, version: '' },
  };
}
