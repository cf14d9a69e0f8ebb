import { z } from 'zod';
import { ask, type Reply } from './ask.ts';
import { lookbackS, type Series } from './counters.ts';
import { flowMetrics } from './flow.ts';
import { jsonOf } from './json.ts';

/** A target that Prometheus cannot scrape. */
export interface DownTarget {
  readonly job: string;
  readonly url: string;
  readonly error: string;
}

const sample = z.tuple([z.number(), z.string().transform(Number)]);
const labels = z.record(z.string(), z.string());
const vector = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.object({ metric: labels, value: sample })) }),
});
const matrix = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.object({ metric: labels, values: z.array(sample).min(1) })) }),
});
const targetList = z.object({
  status: z.literal('success'),
  data: z.object({
    activeTargets: z.array(
      z.object({
        health: z.string(),
        scrapePool: z.string(),
        scrapeUrl: z.string(),
        lastError: z.string(),
      }),
    ),
  }),
});

/** An hour of the flow's counters, scraped every 5 s, takes about 1 MB. */
const maxBytes = 64 << 20;

/** Client of Prometheus's HTTP API. What cannot be read is null, or empty. */
export class Prometheus {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(url: string, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether it is there, and Prometheus: a query that costs nothing. */
  probe(): Promise<Reply> {
    return this.#query('vector(1)');
  }

  static isPrometheus(reply: Reply): boolean {
    return vector.safeParse(jsonOf(reply)).success;
  }

  /** Spans of each service that the collector's span metrics have counted. */
  async spanMetrics(): Promise<Readonly<Record<string, number>>> {
    const query = 'sum by (service_name) (traces_span_metrics_calls_total)';
    return this.#byService(query);
  }

  /** The counters of the spans' flow from `fromS` to `untilS`, and what tells how they began. */
  async flow(fromS: number, untilS: number): Promise<readonly Series[]> {
    const names = flowMetrics.map((name) => `${name}(_total)?`).join('|');
    const rangeS = Math.ceil(untilS - fromS + lookbackS);
    const reply = await this.#query(`{__name__=~"${names}"}[${rangeS}s]`, untilS);
    const parsed = matrix.safeParse(jsonOf(reply));
    if (!parsed.success) return [];
    return parsed.data.data.result.map(({ metric, values }) => ({
      labels: metric,
      samples: values,
    }));
  }

  /** Seconds since the newest sample that it has stored by scraping; null if there is none. */
  async newestAgeS(): Promise<number | null> {
    const reply = await this.#query('time() - max(timestamp(up))');
    const parsed = vector.safeParse(jsonOf(reply));
    return parsed.success ? (parsed.data.data.result[0]?.value[1] ?? null) : null;
  }

  async downTargets(): Promise<readonly DownTarget[]> {
    const reply = await this.#get('/api/v1/targets?state=active');
    const parsed = targetList.safeParse(jsonOf(reply));
    if (!parsed.success) return [];
    return parsed.data.data.activeTargets
      .filter(({ health }) => health === 'down')
      .map(({ scrapePool, scrapeUrl, lastError }) => ({
        job: scrapePool,
        url: scrapeUrl,
        error: lastError.slice(0, 300),
      }));
  }

  /**
   * Failed writes to its disk, since its start, by metric: by its own `/metrics`, which it can
   * answer when it can store nothing any more.
   */
  async failedWrites(): Promise<Readonly<Record<string, number>>> {
    const reply = await this.#get('/metrics');
    if (reply.kind !== 'answer') return {};
    const lines = reply.body.matchAll(
      /^(prometheus_tsdb_(?:wal_writes|wal_truncations|compactions|checkpoint_creations|head_truncations|out_of_order_wbl_writes)_failed_total) (\S+)$/gm,
    );
    return Object.fromEntries(
      [...lines]
        .map(([, name = '', value]) => [name, Number(value)] as const)
        .filter(([, value]) => value > 0),
    );
  }

  async #byService(query: string): Promise<Readonly<Record<string, number>>> {
    const parsed = vector.safeParse(jsonOf(await this.#query(query)));
    if (!parsed.success) return {};
    return Object.fromEntries(
      parsed.data.data.result.map(({ metric, value }) => [metric.service_name ?? '', value[1]]),
    );
  }

  #query(query: string, timeS?: number): Promise<Reply> {
    const parameters = new URLSearchParams({ query, ...(timeS && { time: timeS.toFixed(3) }) });
    return this.#get(`/api/v1/query?${parameters}`);
  }

  #get(path: string): Promise<Reply> {
    return ask(this.#url + path, { timeoutMs: this.#timeoutMs, maxBytes });
  }
}
