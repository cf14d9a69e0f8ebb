import { often } from '../counted.ts';
import { show } from '../pattern.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, noteAll, report } from './verdict.ts';

export interface ServiceCall {
  /** The caller. Default: any other service, or whoever sent the request. */
  readonly from?: string;
  /** Exactly so many calls. Default: at least one. */
  readonly times?: number;
}

/** A call arrived where a span of the service is below one of another service, or is the entry. */
export function toCallService(
  this: MatcherContext,
  received: unknown,
  service: string,
  { from, times }: ServiceCall = {},
): MatcherResult {
  const trace = traceOf(received);
  const arrived = trace.views.filter(
    (view) =>
      view.service === service &&
      view.parent?.service !== service &&
      view.span.name !== 'server.queue',
  );
  const calls = arrived.filter(({ parent }) => from === undefined || parent?.service === from);
  const pass = times === undefined ? calls.length > 0 : calls.length === times;
  const count = times === undefined ? '' : ` ${often(times)}`;
  return report(this, trace, 'toCallService', {
    pass,
    must: `call ${service}${from === undefined ? '' : ` from ${from}`}${count}`,
    expected: `${from ?? 'any'} → ${service}${count}`,
    actual:
      arrived.length === 0
        ? `no call of ${service}; services: ${show(trace.services)}`
        : `${calls.length} such; ${service} is called by ${show([...new Set(arrived.map(({ parent }) => parent?.service ?? '(from outside)'))])}`,
    notes: noteAll(arrived, `a call of ${service}`),
  });
}
