import type { Reply } from './ask.ts';
import { jsonOf } from './json.ts';

/** What a service of ours says when a request fails, each text cut to what a line can hold. */
export interface ProblemText {
  readonly service: string;
  readonly code: string;
  readonly detail: string;
}

/** A problem document of a service of ours; null for any other answer. */
export function problemOf(reply: Reply): ProblemText | null {
  const { service, code, detail } = (jsonOf(reply) ?? {}) as Record<string, unknown>;
  if (typeof service !== 'string' || typeof code !== 'string') return null;
  const cut = (text: string) => text.slice(0, 300);
  return { service: cut(service), code: cut(code), detail: cut(String(detail ?? '')) };
}

/** Whether a service of ours gave the answer, as far as it or the port's `/health` tell. */
export function isOurService(reply: Reply, health: Reply | null): boolean {
  if (problemOf(reply) !== null) return true;
  if (health?.kind !== 'answer') return false;
  const { status, timestamp } = (jsonOf(health) ?? {}) as Record<string, unknown>;
  return status === 'ok' && typeof timestamp === 'string';
}

/** Whether a collector took what it was sent: OTLP answers 200 with a JSON object. */
export function tookSpans(reply: Reply): boolean {
  return reply.kind === 'answer' && reply.status === 200 && isObject(jsonOf(reply));
}

/** Whether Jaeger's API answered, with a trace or without one. */
export function isQueryApi(reply: Reply): boolean {
  if (reply.kind !== 'answer') return false;
  return (reply.status === 200 || reply.status === 404) && isObject(jsonOf(reply));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
