/**
 * The pieces that the panels' PromQL is put together from.
 *
 * Metrics arrive every 5 s (export interval of the services, flush interval of the span metrics,
 * scrape interval), so a rate needs a window of 10 s at least; Grafana's `$__rate_interval` is 20 s
 * or more, because the data source says that a sample comes every 5 s. A percentile needs more: a
 * minute at 20 requests a second has 1,200 of them, 12 beyond the 99th percentile.
 */
export const percentileWindow = '1m';
export const rateWindow = '$__rate_interval';

/** Service name of the load generator: its client spans are the requests as a client sees them. */
export const client = 'load';

const spanDuration = 'traces_span_metrics_duration_milliseconds';

/** Requests as the load generator sees them, from the time when they should have been sent. */
export const clientSpans = `service_name="${client}",span_kind="SPAN_KIND_CLIENT"`;
/** Calls over HTTP as the caller sees them; those of the load generator included. */
export const callerSpans = 'span_kind="SPAN_KIND_CLIENT",span_name=~"GET /.*"';
/** The work of handlers, as the services' server spans have it. */
export const handlerSpans = 'span_kind="SPAN_KIND_SERVER"';
/** Only the services that are chosen at the top of the page. */
export const chosen = 'service_name=~"$service"';

/** Milliseconds by service, read between the limits of buckets. */
export function spanP99(selector: string): string {
  const buckets = `${spanDuration}_bucket{${selector}}[${percentileWindow}]`;
  return `histogram_quantile(0.99, sum by (le, service_name) (rate(${buckets})))`;
}

/** Seconds by service, by the metric that most dashboards show. */
export const handlerP99 = `histogram_quantile(0.99, sum by (le, service_name) (rate(http_server_request_duration_seconds_bucket[${percentileWindow}])))`;

/** Milliseconds. */
export function spanMean(selector: string): string {
  const sum = rateOf(`${spanDuration}_sum{${selector}}`);
  return `${sum} / ${rateOf(`${spanDuration}_count{${selector}}`)}`;
}

export function spanRate(selector: string): string {
  return rateOf(`traces_span_metrics_calls_total{${selector}}`);
}

/** Sum of the rates of a counter's series, by the labels given. */
export function rateOf(selector: string, by = ''): string {
  const grouping = by === '' ? 'sum' : `sum by (${by}) `;
  return `${grouping}(rate(${selector}[${rateWindow}]))`;
}

/** Sum of a counter's increases over the time range that the page shows. */
export function inRange(selector: string): string {
  return `sum(increase(${selector}[$__range]))`;
}

/** 0 where there is no such series: a counter that has never counted does not exist. */
export function orZero(expr: string): string {
  return `(${expr} or vector(0))`;
}
