import { processOf, serviceOf } from '../service.ts';
import type { AttributeValue } from '../span.ts';
import type { SpanNode } from '../tree.ts';

/** Ids and numbers in a name, as of those who put the path of a request into it. */
export const variableIn = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[0-9a-f]{16,}\b|(?<![a-z])\d+/gi;

/** A text with `?` for what is another one each time: ids and numbers. */
export function withoutIds(text: string): string {
  return text.replace(variableIn, '?');
}

/** Whom a client or producer span calls, as far as it, or what is below it, says; else empty. */
export function targetOf({ span, children }: SpanNode): string {
  if (span.kind !== 'client' && span.kind !== 'producer') return '';
  const { attributes } = span;
  const named = first(attributes, 'aftershock.call.to', 'peer.service', 'service.peer.name');
  if (named !== '') return named;
  const own = processOf(span);
  const callee = children.find((child) => processOf(child.span) !== own);
  return callee === undefined ? '' : serviceOf(callee.span);
}

/** Same for spans that do the same in the same place: what is aligned with one another. */
export function hopKey({ span }: SpanNode): string {
  return JSON.stringify([serviceOf(span), span.kind, withoutIds(span.name)]);
}

/** What tells alike siblings apart, besides their order: whom they call, and for what. */
export function purposeOf(node: SpanNode): string {
  const { attributes } = node.span;
  return JSON.stringify([
    targetOf(node),
    first(attributes, 'aftershock.call.index'),
    first(attributes, 'http.request.method', 'http.method', 'rpc.method', 'db.operation.name'),
    withoutIds(
      first(attributes, 'url.template', 'http.route', 'db.query.summary', 'db.query.text'),
    ),
    first(attributes, 'messaging.destination.name'),
  ]);
}

function first(attributes: Readonly<Record<string, AttributeValue>>, ...keys: string[]): string {
  const value = keys.map((key) => attributes[key]).find((each) => each !== undefined);
  return value === undefined ? '' : String(value);
}
