import { count, duration, plural } from '../../report/format.ts';
import { canarySpan, doctorService } from '../canary.ts';
import type { Evidence } from '../evidence.ts';
import { hopsOf } from '../hops.ts';
import { isQueryApi, tookSpans } from '../recognise.ts';
import { refusal } from '../refusal.ts';
import { type Finding, ok, type Stage, skipped, wrong } from '../stage.ts';
import { howToSay } from '../targets.ts';
import { flowOf, latestFlowOf } from './flowOf.ts';

const name = 'store';

/** Whether the query API has the canary's trace. */
export function checkStore(evidence: Evidence): Stage {
  const { targets, sighting, embedded, canary, exported } = evidence;
  const target = targets.query;
  const { reply, spans, waitedMs } = sighting;
  const expected = `${target.url} has trace ${canary.traceId}`;
  if (reply.kind !== 'answer') {
    const { seen, came, todo } = refusal(reply, target);
    return wrong(name, target.url, seen, { expected, came, todo });
  }
  if (!isQueryApi(reply)) {
    return wrong(name, target.url, `answered ${reply.status}, but not as Jaeger's API does`, {
      expected,
      came: `status ${reply.status}, ${reply.headers['content-type'] ?? 'no content type'}`,
      todo: `/api/v3 of Jaeger 2 is needed; say where it is with ${howToSay(target)}`,
    });
  }
  const isOwnThere = spans.some(({ spanId }) => spanId === canary.spanId);
  if (sighting.vanished > 0) {
    return wrong(
      name,
      target.url,
      `evicted: ${plural(sighting.vanished, 'span')} seen, then gone`,
      {
        expected: `${expected} for as long as somebody may want to look`,
        came: `the trace was there and was gone ${duration(waitedMs)} later: the store is too small for this load`,
        todo: evictionAdvice(embedded !== null),
      },
    );
  }
  if (tookSpans(exported) && !isOwnThere) {
    return wrong(name, target.url, notThere(evidence), { expected, ...missing(evidence) });
  }
  if (spans.length === 0) {
    return skipped(name, target.url, 'answers; there was nothing to look for');
  }
  const services = hopsOf(spans, canarySpan(canary)).filter(({ server }) => server !== null).length;
  return ok(
    name,
    target.url,
    `${plural(spans.length, 'span')} of ${plural(services, 'service')} after ${duration(waitedMs)}`,
  );
}

function notThere({ sighting, timeoutMs }: Evidence): string {
  return sighting.spans.length === 0
    ? `trace not there after ${duration(timeoutMs)}`
    : `our span is not in the trace after ${duration(timeoutMs)}`;
}

/** The collector took the doctor's span, and the store does not have it. */
function missing(evidence: Evidence): Omit<Finding, 'expected'> {
  const { sighting, embedded, targets } = evidence;
  if (sighting.spans.length > 0) {
    return {
      came: `${plural(sighting.spans.length, 'span')} of the services, but not the one that ${targets.collector.url} took from the doctor`,
      todo:
        'the services send to another collector than the one named here: compare ' +
        `OTEL_EXPORTER_OTLP_ENDPOINT of the services with ${howToSay(targets.collector)}`,
    };
  }
  const evicted = embedded === null ? 0 : embedded.after.evicted - embedded.before.evicted;
  if (evicted > 0) {
    return {
      came: `${plural(evicted, 'span')} were evicted while the doctor waited: the store is too small for this load`,
      todo: evictionAdvice(true),
    };
  }
  if (embedded !== null && !(doctorService in embedded.after.acceptedByService)) {
    return {
      came: `the embedded collector behind ${targets.query.url} has not received the doctor's span: it went to another one`,
      todo: `name a pair that belongs together: ${targets.collector.option} and ${targets.query.option}`,
    };
  }
  const [before, now] = [flowOf(evidence), latestFlowOf(evidence)];
  if (now !== null && now.sampledOut !== null) {
    return {
      came: `nothing: the collector decides by tail sampling which traces go on, and has left out ${plural(now.sampledOut, 'trace')}`,
      todo:
        'nothing, if it is meant to; to have this trace kept, raise COLLECTOR_SAMPLING_PERCENT, or ' +
        'start the collector without the option tail-sampling',
    };
  }
  if (before !== null && now !== null && now.stored - before.stored > now.queued) {
    const spans = now.stored - before.stored;
    return {
      came: `nothing, though the store took ${plural(spans, 'span')} meanwhile: this trace was evicted at once`,
      todo: evictionAdvice(false),
    };
  }
  if (before !== null && now !== null && (now.queued > 0 || now.sendFailed > before.sendFailed)) {
    return {
      came: `nothing: ${plural(now.queued, 'span')} wait in the collector's queue, ${count(now.sendFailed)} were given up`,
      todo:
        'the collector cannot reach the store: see that it runs, and JAEGER_OTLP_ENDPOINT of the ' +
        'collector (host:port of its gRPC port); docker compose logs collector has the reason',
    };
  }
  return {
    came: `nothing, though the collector took the doctor's span`,
    todo:
      'the collector cannot reach the store (docker compose logs collector; its metric ' +
      'otelcol_exporter_send_failed_spans), samples by itself (tail_sampling in its ' +
      `configuration), or belongs to another store: ${targets.collector.url}`,
  };
}

function evictionAdvice(isEmbedded: boolean): string {
  return isEmbedded
    ? 'give it more memory (npm run aftershock -- collect --max-bytes), or lower the load'
    : 'raise max_traces of its memory storage, choose a storage on disk, or lower the load';
}
