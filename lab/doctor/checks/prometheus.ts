import { duration, list } from '../../report/format.ts';
import { canarySpan, doctorService } from '../canary.ts';
import type { Evidence, MetricsEvidence } from '../evidence.ts';
import { hopsOf, serviceOf } from '../hops.ts';
import { refusal } from '../refusal.ts';
import { type Finding, ok, type Stage, skipped, wrong } from '../stage.ts';
import { howToSay } from '../targets.ts';

const name = 'prometheus';

/** A service pushes its metrics every 5 s by compose's default; OpenTelemetry's own is 60 s. */
const staleAfterS = 130;

/** It scrapes every 5 s by our configuration; its own default is a minute. */
const silentAfterS = 90;

/** Whether metrics arrive: those made of the canary's spans, and the services' own. */
export function checkPrometheus({ targets, metrics, canary, sighting }: Evidence): Stage {
  const target = targets.prometheus;
  if (metrics === null) return skipped(name, '', 'not part of this stack');
  const expected = `${target.url} has metrics of every service of the trace`;
  const { reply } = metrics;
  if (reply.kind !== 'answer') {
    const { seen, came, todo } = refusal(reply, target);
    return wrong(name, target.url, seen, { expected, came, todo });
  }
  const fail = (seen: string, finding: Omit<Finding, 'expected'>) =>
    wrong(name, target.url, seen, { expected, ...finding });
  if (!metrics.isPrometheus) {
    return fail(`answered ${reply.status}, but is not Prometheus`, {
      came: `status ${reply.status}, ${reply.headers['content-type'] ?? 'no content type'}`,
      todo: `say where it is with ${howToSay(target)}`,
    });
  }
  const failedWrites = Object.entries(metrics.failedWrites);
  if (failedWrites.length > 0) {
    return fail('cannot write to its disk', {
      came: `failed writes since its start: ${failedWrites.map(([metric, count]) => `${metric} ${count}`).join(', ')}`,
      todo:
        'its disk is full, most likely: make room (docker system df, --storage.tsdb.retention.size), ' +
        'then restart it; docker compose logs prometheus has the reason',
    });
  }
  if (metrics.newestAgeS === null || metrics.newestAgeS > silentAfterS) {
    const silence =
      metrics.newestAgeS === null ? '5 min' : duration(Math.round(metrics.newestAgeS) * 1000);
    return fail(`has stored nothing for ${silence}`, {
      came: `its newest sample of \`up\`, which every scrape makes, is ${silence} old`,
      todo:
        'its disk may be full, or it has no scrape_configs: docker compose logs prometheus has the ' +
        'reason',
    });
  }
  const [down] = metrics.downTargets;
  if (down !== undefined) {
    return fail(`cannot scrape ${list(metrics.downTargets.map(({ job }) => job))}`, {
      came: `${down.job} at ${down.url}: ${down.error}`,
      todo: /no such host|lookup/.test(down.error)
        ? `DNS knows no such host where Prometheus runs: correct the target in prometheus.yml`
        : `start ${down.job}, or correct its target in prometheus.yml`,
    });
  }
  const there = new Set(sighting.spans.map(serviceOf));
  const services = [
    ...hopsOf(sighting.spans, canarySpan(canary)).map(({ service }) => service),
    doctorService,
  ].filter((each) => there.has(each));
  const behind = services.filter((each) => !hasRisen(each, metrics));
  if (behind.length > 0)
    return fail(
      `no span metrics of ${list(behind)}`,
      missingSpanMetrics(behind, services, metrics),
    );
  return checkOwnMetrics(services, metrics, target.url, fail);
}

function hasRisen(service: string, { spanMetrics }: MetricsEvidence): boolean {
  return (spanMetrics.after[service] ?? 0) > (spanMetrics.before[service] ?? 0);
}

function missingSpanMetrics(
  behind: readonly string[],
  services: readonly string[],
  { spanMetrics, waitedMs }: MetricsEvidence,
): Omit<Finding, 'expected'> {
  const came = `traces_span_metrics_calls_total of ${list(behind)} has not risen in ${duration(waitedMs)}`;
  if (Object.keys(spanMetrics.after).length === 0 || behind.length === services.length) {
    return {
      came,
      todo:
        'the collector does not reach Prometheus: PROMETHEUS_OTLP_ENDPOINT of the collector, and ' +
        '--web.enable-otlp-receiver of Prometheus; docker compose logs collector says which',
    };
  }
  return {
    came,
    todo: 'spans of these come to the store by another way than through this collector',
  };
}

function checkOwnMetrics(
  services: readonly string[],
  { series, waitedMs }: MetricsEvidence,
  at: string,
  fail: (seen: string, finding: Omit<Finding, 'expected'>) => Stage,
): Stage {
  const nowS = Math.max(0, ...series.map(({ samples }) => samples.at(-1)?.[0] ?? 0));
  const newest = new Map<string, number>();
  for (const { labels, samples } of series) {
    if (labels.__name__ !== 'otel_sdk_span_started_total') continue;
    const service = labels.service_name ?? '';
    newest.set(service, Math.max(newest.get(service) ?? 0, samples.at(-1)?.[0] ?? 0));
  }
  const own = services.filter((each) => each !== doctorService);
  const what = own.length > 0 ? list(own) : "the doctor's own span";
  const seen = `span metrics of ${what} after ${duration(waitedMs)}`;
  const without = own.filter((each) => nowS - (newest.get(each) ?? 0) > staleAfterS);
  if (without.length > 0 && newest.size > 0) {
    return fail(`no metrics from ${list(without)} itself`, {
      came: without
        .map((each) => {
          const last = newest.get(each);
          return last === undefined
            ? `${each}: none`
            : `${each}: none for ${Math.round(nowS - last)} s`;
        })
        .join(', '),
      todo: `set OTEL_METRICS_EXPORTER=otlp for ${list(without)}, as for the others`,
    });
  }
  return ok(
    name,
    at,
    newest.size === 0 ? `${seen}; none from the services themselves` : `${seen}, and their own`,
  );
}
