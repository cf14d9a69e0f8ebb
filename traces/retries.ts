import { hasFailed } from './failure.ts';
import { processOf } from './service.ts';
import type { AttributeValue, Span } from './span.ts';
import type { SpanNode } from './tree.ts';

/** The attempts of one call, in order; at least two. */
export interface Retries {
  readonly parent: Span;
  readonly attempts: readonly Span[];
  /** How they are known: the conventions' count of resends, or that they repeat a failed sibling. */
  readonly evidence: 'resend_count' | 'repetition';
}

/** Spans of a process whose clock is read in whole milliseconds may overlap by as much. */
const touchNano = 1_000_000n;

/**
 * The calls below `parent` that were made more than once: client spans of one process to the same
 * peer for the same resource, one after the other, of which all but the last failed, or which count
 * themselves by `http.request.resend_count`.
 */
export function retriesBelow({ span: parent, children }: SpanNode): Retries[] {
  if (!children.some(({ span }) => span.kind === 'client' && isAttempt(span))) return [];
  const alike = new Map<string, Span[]>();
  for (const { span } of children) {
    if (span.kind !== 'client') continue;
    const key = callKey(span);
    const group = alike.get(key);
    if (group) group.push(span);
    else alike.set(key, [span]);
  }
  const found: Retries[] = [];
  for (const group of alike.values()) {
    let attempts: Span[] = [];
    let counted = false;
    const finish = () => {
      const evidence = counted ? 'resend_count' : 'repetition';
      if (attempts.length > 1) found.push({ parent, attempts, evidence });
      counted = false;
    };
    for (const span of group) {
      const last = attempts.at(-1);
      const resends = resendCount(span);
      const follows =
        last !== undefined &&
        (resends > 0
          ? resends > resendCount(last)
          : resendCount(last) === 0 &&
            hasFailed(last) &&
            span.startUnixNano >= last.endUnixNano - touchNano);
      if (!follows) {
        finish();
        attempts = [];
      }
      if (follows && resends > 0) counted = true;
      attempts.push(span);
    }
    finish();
  }
  return found;
}

/** Whether a span may be one of several attempts: without such a one there are no retries. */
function isAttempt(span: Span): boolean {
  return hasFailed(span) || resendCount(span) > 0;
}

/** What tells one request from another, the first that a span has. */
const requestKeys = ['url.full', 'http.url', 'url.path', 'http.target'];
/** What stands for all requests of a kind. */
const routeKeys = ['url.template', 'http.route', 'rpc.service', 'db.query.text', 'db.statement'];

/** Same for all attempts of a call: who calls whom for what exactly. */
function callKey(span: Span): string {
  return keyOf(span, [...requestKeys, ...routeKeys]);
}

/** Same for all calls of a kind: who calls whom for which route or statement. */
export function routeKey(span: Span): string {
  return keyOf(span, [...routeKeys, ...requestKeys.toReversed()]);
}

function keyOf(span: Span, targetKeys: readonly string[]): string {
  const { attributes, name } = span;
  const first = (keys: readonly string[]): AttributeValue | undefined => {
    for (const key of keys) if (attributes[key] !== undefined) return attributes[key];
    return undefined;
  };
  return JSON.stringify(
    [
      processOf(span),
      name,
      first(['server.address', 'net.peer.name', 'peer.service', 'aftershock.call.to']),
      first(['server.port', 'net.peer.port']),
      first(['http.request.method', 'http.method', 'rpc.method', 'db.operation.name']),
      first(targetKeys),
      first(['aftershock.call.index']),
    ].map(String),
  );
}

function resendCount({ attributes }: Span): number {
  const count = attributes['http.request.resend_count'];
  return typeof count === 'number' ? count : 0;
}
