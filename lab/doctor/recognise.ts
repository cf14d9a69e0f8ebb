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
