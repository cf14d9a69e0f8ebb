import { ms, plural } from '../../report/format.ts';
import type { Reply } from '../ask.ts';
import type { Evidence } from '../evidence.ts';
import { jsonOf } from '../json.ts';
import { tookSpans } from '../recognise.ts';
import { refusal } from '../refusal.ts';
import { type Finding, ok, type Stage, wrong } from '../stage.ts';
import { howToSay, type Target } from '../targets.ts';
import { recentRefusal } from './flowOf.ts';

const name = 'collector';

/** Whether the collector takes spans: the doctor's own one, which it sent as the services do. */
export function checkCollector(evidence: Evidence): Stage {
  const { targets, exported, embedded } = evidence;
  const target = targets.collector;
  const expected = `the collector takes a span at ${target.url}/v1/traces (OTLP over HTTP, JSON)`;
  if (exported.kind !== 'answer') {
    const { seen, came, todo } = refusal(exported, target);
    return wrong(name, target.url, seen, { expected, came, todo });
  }
  const { status } = exported;
  if (status !== 200) {
    const { seen, came, todo } = refusedSpan(exported, target);
    return wrong(name, target.url, seen, { expected, came, todo });
  }
  if (!tookSpans(exported)) {
    return wrong(name, target.url, 'answered 200, but is not a collector', {
      expected,
      came: `status 200 with ${exported.headers['content-type'] ?? 'no content type'}`,
      todo: `another program has this port: say where the collector is with ${howToSay(target)}`,
    });
  }
  const answer = jsonOf(exported) as { partialSuccess?: PartialSuccess };
  if (Number(answer.partialSuccess?.rejectedSpans ?? 0) > 0) {
    return wrong(name, target.url, 'rejected our span', {
      expected,
      came: `partial success: ${String(answer.partialSuccess?.errorMessage ?? 'no reason given')}`,
      todo: 'look at the reason; a filter in the collector may reject spans of its choice',
    });
  }
  const refused = recentRefusal(evidence);
  if (refused !== null) {
    const { spans, reason, todo } = refused;
    return wrong(name, target.url, `took our span, but refused ${plural(spans, 'span')} lately`, {
      expected: 'the collector takes the spans of every service',
      came: `${plural(spans, 'span')} refused in the last minute: ${reason}`,
      todo,
    });
  }
  const which = embedded === null ? '' : ' (the embedded one)';
  return ok(name, target.url, `took our span in ${ms(exported.durationMs)} ms${which}`);
}

interface PartialSuccess {
  readonly rejectedSpans?: unknown;
  readonly errorMessage?: unknown;
}

/** Words for an error status: OTLP's answers carry a `google.rpc.Status`. */
function refusedSpan(
  reply: Extract<Reply, { kind: 'answer' }>,
  target: Target,
): Omit<Finding, 'expected'> & { readonly seen: string } {
  const { status } = reply;
  const { message } = (jsonOf(reply) ?? {}) as { message?: unknown };
  const reason = (typeof message === 'string' ? message : reply.body).trim().slice(0, 300);
  const came = `status ${status}${reason === '' ? '' : `: ${reason}`}`;
  if (/ENOSPC|no space left/i.test(reason)) {
    return {
      seen: `refuses spans: disk full (${status})`,
      came,
      todo: 'its disk is full: make room there (df -h), or give it another volume; nothing else helps',
    };
  }
  const path = new URL(target.url).pathname;
  if (status === 404 && path !== '/') {
    const base = target.url.replace(/\/v1\/(traces|metrics|logs)$/, '');
    return {
      seen: `no such path: ${path}/v1/traces`,
      came,
      todo:
        `the URL must not have the path: exporters put /v1/traces behind it. Say ${target.option} ` +
        `${base}; and OTEL_EXPORTER_OTLP_ENDPOINT=${base} for services (a whole path goes only ` +
        'into OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)',
    };
  }
  const advice: Record<number, string> = {
    401: 'it wants credentials: OTEL_EXPORTER_OTLP_HEADERS for the services',
    403: 'it wants other credentials: OTEL_EXPORTER_OTLP_HEADERS for the services',
    404: `this port is not OTLP's: say where the collector is with ${howToSay(target)}`,
    405: `this port is not OTLP's: say where the collector is with ${howToSay(target)}`,
    413: 'its limit for bodies is too low: max_request_body_size of the otlp receiver',
    415: 'it takes no JSON: set OTEL_EXPORTER_OTLP_PROTOCOL to what it takes',
    429: 'it is overloaded: look at its memory limiter and its queue, or lower the load',
    503: 'it cannot take more just now: memory limit, full queue, or a back end that is away; see its log',
  };
  return {
    seen: `refuses spans: ${status}`,
    came,
    todo: advice[status] ?? 'look into its log: docker compose logs collector',
  };
}
