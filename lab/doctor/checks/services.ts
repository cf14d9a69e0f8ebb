import { list, ms, plural } from '../../report/format.ts';
import { canarySpan, doctorService, foreignMember } from '../canary.ts';
import { clockOffsets, isSkewed } from '../clocks.ts';
import type { Evidence } from '../evidence.ts';
import { type Hop, hopsOf, serviceOf } from '../hops.ts';
import { isOurService } from '../recognise.ts';
import { type Finding, ok, type Stage, skipped, wrong } from '../stage.ts';
import { recentRefusal } from './flowOf.ts';

/** A line for each service on the canary's way. */
export function checkServices(evidence: Evidence): Stage[] {
  const { canary, health, sighting } = evidence;
  const { spans } = sighting;
  if (!isOurService(canary.reply, health)) {
    return [skipped('services', '', 'not known: the request did not reach them')];
  }
  const hops = hopsOf(spans, canarySpan(canary));
  const known = spans.length > 0;
  if (!known) {
    const stray = checkStray(evidence);
    if (stray !== null) return [stray];
    return [skipped('services', '', 'not known: no trace to see them in')];
  }
  const offsets = new Map(
    clockOffsets(hops, doctorService).map((offset) => [offset.service, offset]),
  );
  return hops.map((hop) => {
    const name = `${'  '.repeat(hop.depth - 1)}↳ ${hop.service}`;
    if (hop.failure !== null) return skipped(name, '', `not reached: ${hop.failure}`);
    if (hop.server === null) {
      const isEntry = hop.depth === 1;
      const stray = isEntry ? checkStray(evidence) : null;
      return stray ?? checkMissing(name, hop, evidence);
    }
    const own = spans.filter((span) => serviceOf(span) === hop.service).length;
    if (!hop.server.traceState.split(',').includes(foreignMember)) {
      return wrong(name, '', 'lost the tracestate', {
        expected: `${hop.service} gets tracestate with the member ${foreignMember}, as it was sent`,
        came: `tracestate "${hop.server.traceState}"`,
        todo: 'look for what rewrites headers before it: a proxy, or a propagator other than W3C',
      });
    }
    const offset = offsets.get(hop.service);
    if (offset !== undefined && isSkewed(offset)) {
      const { offsetMs, marginMs } = offset;
      const by = `${signedSeconds(offsetMs)} ± ${ms(marginMs)} ms`;
      return wrong(name, '', `clock ${by} against this machine's`, {
        expected: `the span of ${hop.service} lies within its caller's, on one time scale`,
        came:
          `its clock is ${offsetMs > 0 ? 'ahead' : 'behind'} by ${seconds(Math.abs(offsetMs))} ` +
          `(± ${ms(marginMs)} ms, the time on the network)`,
        todo:
          `set the clock of the machine of ${hop.service} (timedatectl, chrony); until then its ` +
          'gaps and waits in traces are wrong, and deadlines misfire',
      });
    }
    const clock =
      offset === undefined
        ? ''
        : `, clock ${signedMs(offset.offsetMs)} ± ${ms(offset.marginMs)} ms`;
    return ok(name, '', `${plural(own, 'span')}${clock}`);
  });
}

/** The entry began a trace of its own. */
function checkStray({ sighting, canary, targets }: Evidence): Stage | null {
  const [stray] = sighting.strays;
  if (stray === undefined) return null;
  const service = serviceOf(stray);
  return wrong(`↳ ${service}`, '', 'began a trace of its own', {
    expected: `${service} goes on with trace ${canary.traceId}, which traceparent named`,
    came: `its span for this request is in trace ${stray.traceId}`,
    todo:
      `something takes traceparent away before ${service}: a proxy at ${targets.gateway.url}, or ` +
      'a propagator other than tracecontext (OTEL_PROPAGATORS)',
  });
}

function checkMissing(name: string, hop: Hop, evidence: Evidence): Stage {
  const { service, call } = hop;
  const status = call?.attributes['http.response.status_code'];
  const caller = call === null ? 'its caller' : serviceOf(call);
  const expected = `a server span of ${service} in the trace`;
  const answered = status === undefined ? '' : `; ${caller} got ${status} from it`;
  const { came, todo } = missingReason(hop, evidence);
  return wrong(name, '', `no span of it${answered}`, {
    expected,
    came: `none${answered}; ${came}`,
    todo,
  });
}

/** Why a service that ran has no span in the trace, as far as its own counts tell. */
function missingReason({ service }: Hop, evidence: Evidence): Omit<Finding, 'expected'> {
  const { services, embedded, targets, sighting } = evidence;
  const counts = services[service];
  const endpoint = `OTEL_EXPORTER_OTLP_ENDPOINT of ${service}`;
  if (counts) {
    const delta = (key: 'ended' | 'exported' | 'dropped') =>
      counts.after.spans[key] - counts.before.spans[key];
    if (delta('ended') === 0) {
      return {
        came: `it served the request and recorded no span`,
        todo:
          `its tracing is off, or its sampler said no although traceparent asked for it: look at ` +
          `OTEL_SDK_DISABLED and OTEL_TRACES_SAMPLER of ${service}`,
      };
    }
    if (delta('dropped') > 0) {
      return {
        came: `it dropped ${plural(delta('dropped'), 'span')} meanwhile: its exports fail`,
        todo: `look at ${endpoint} and for "Spans lost" in its log: docker compose logs ${service}`,
      };
    }
    if (delta('exported') > 0) {
      return {
        came: `it exported ${plural(delta('exported'), 'span')} meanwhile, but not to here`,
        todo: `it sends them elsewhere: set ${endpoint} to ${targets.collector.url}, as seen from it`,
      };
    }
    return {
      came: `it recorded ${plural(delta('ended'), 'span')} and has not been able to export them`,
      todo: `its exports hang: look at ${endpoint} and its log`,
    };
  }
  const accepted = (at: 'before' | 'after') => embedded?.[at].acceptedByService[service] ?? 0;
  const others = accepted('after') - accepted('before');
  if (others > 0) {
    return {
      came: `the collector took ${plural(others, 'span')} of it meanwhile, of other traces: it samples, and left this one out`,
      todo: `OTEL_TRACES_SAMPLER of ${service} must be parentbased_… to follow its caller`,
    };
  }
  const refused = recentRefusal(evidence);
  if (refused !== null) {
    return {
      came: `the collector has refused ${plural(refused.spans, 'span')} in the last minute: ${refused.reason}`,
      todo: refused.todo,
    };
  }
  const there = [...new Set(sighting.spans.map(serviceOf))].filter(
    (each) => each !== doctorService,
  );
  return {
    came:
      there.length > 0
        ? `spans of ${list(there)} came the same way`
        : "the doctor's own span came the same way",
    todo:
      `either ${service} does not trace (OTEL_SDK_DISABLED, OTEL_TRACES_SAMPLER), or sends its ` +
      `spans elsewhere (${endpoint} must be ${targets.collector.url}, as seen from it); its log ` +
      `tells failed exports, its counts tell which: --admin ${service}=URL`,
  };
}

function signedMs(value: number): string {
  return `${value < 0 ? '−' : '+'}${ms(Math.abs(value))}`;
}

function signedSeconds(offsetMs: number): string {
  return `${offsetMs < 0 ? '−' : '+'}${seconds(Math.abs(offsetMs))}`;
}

function seconds(valueMs: number): string {
  return valueMs < 1000 ? `${ms(valueMs)} ms` : `${(valueMs / 1000).toFixed(2)} s`;
}
