import {
  context,
  type HrTime,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { IdleWatch } from '../../pauses/detector/idleWatch.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import { AnswerReading } from './answerReading.ts';
import type { RequestObserver } from './generator.ts';
import type { LoadPhase } from './protocol.ts';

/**
 * Opens a root CLIENT span for each intended request at its intended time, whether or not it was
 * sent in time, or at all. It ends with the last byte, the failure, or the drop.
 *
 * @param idle null: nothing is told of answers that were read late.
 */
export function rootSpans(
  phase: LoadPhase,
  origin: string,
  route: string,
  idle: IdleWatch | null = null,
): RequestObserver {
  const { hostname, port } = new URL(origin);
  const attributes = {
    'http.request.method': 'GET',
    'url.template': route,
    'server.address': hostname,
    'server.port': Number(port),
    [Attribute.loadPhase]: phase,
  };
  const tracer = trace.getTracer('aftershock/load');
  const reading = idle && new AnswerReading(idle);
  let originUnixMs = performance.timeOrigin;
  return {
    begin(intendedMs, path) {
      idle?.mark();
      originUnixMs = adjustedOrigin(originUnixMs);
      const unixTime = unixTimeFrom(originUnixMs);
      const span = tracer.startSpan(`GET ${route}`, {
        root: true,
        kind: SpanKind.CLIENT,
        startTime: unixTime(intendedMs),
        attributes: { ...attributes, 'url.full': origin + path },
      });
      const headers: Record<string, string> = {};
      propagation.inject(trace.setSpan(context.active(), span), headers);
      return {
        headers,
        end({ sentMs, endMs, status, errorType, answerSentUnixMs }) {
          idle?.mark();
          const ofAnswer = status && reading?.attributes(originUnixMs, endMs, answerSentUnixMs);
          if (ofAnswer) span.setAttributes(ofAnswer);
          if (sentMs !== null) span.setAttribute(Attribute.loadLateMs, sentMs - intendedMs);
          if (status !== null) span.setAttribute('http.response.status_code', status);
          if (errorType !== null) {
            span.setAttribute('error.type', errorType);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end(unixTime(endMs));
        },
      };
    },
  };
}

/**
 * What `performance.now()` counts from, by the wall clock: over days the two drift apart, and a
 * machine that sleeps stops one of them. They are tied together again once they are more than a
 * millisecond apart; the wall clock cuts off up to one.
 */
function adjustedOrigin(originUnixMs: number): number {
  const aheadMs = Date.now() - (originUnixMs + performance.now());
  return aheadMs < -2 || aheadMs > 1 ? originUnixMs + aheadMs + 0.5 : originUnixMs;
}

/**
 * Turns a time of `performance.now()` into what the API wants: a number of milliseconds would lose
 * what lies below a microsecond, and the SDK would take a small one for a time of its own clock.
 */
function unixTimeFrom(originUnixMs: number): (nowMs: number) => HrTime {
  const originS = Math.floor(originUnixMs / 1000);
  return (nowMs) => {
    const ms = originUnixMs - originS * 1000 + nowMs;
    const seconds = Math.floor(ms / 1000);
    return [originS + seconds, Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6))];
  };
}
