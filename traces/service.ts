import type { Span } from './span.ts';

/** Name of the service that recorded a span; `unknown_service` where its resource has none. */
export function serviceOf({ resource }: Span): string {
  const name = resource.attributes['service.name'];
  return typeof name === 'string' && name !== '' ? name : 'unknown_service';
}

/** The process that recorded a span: its instance where it says so, else its service. */
export function processOf(span: Span): string {
  const instance = span.resource.attributes['service.instance.id'];
  return typeof instance === 'string' && instance !== '' ? instance : serviceOf(span);
}
