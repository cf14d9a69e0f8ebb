/** A series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

/** What is read of Prometheus's HTTP API, as Grafana reads it. */
export class PrometheusApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Series that have a number now; a percentile of nothing is NaN, and no number. */
  async query(expr: string): Promise<readonly Sample[]> {
    const result = (await this.#get('query', { query: expr })) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return result.result
      .map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
      .filter(({ value }) => !Number.isNaN(value));
  }

  /** Every value of every series within the last `seconds`, asked for once a second. */
  async values(expr: string, seconds: number): Promise<readonly number[]> {
    const end = Date.now() / 1000;
    const { result } = (await this.#get('query_range', {
      query: expr,
      start: String(end - seconds),
      end: String(end),
      step: '1',
    })) as { result: { values: [number, string][] }[] };
    return result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
  }

  /** Of the last five minutes. */
  async exemplars(expr: string): Promise<readonly Exemplar[]> {
    const end = Date.now() / 1000;
    const series = (await this.#get('query_exemplars', {
      query: expr,
      start: String(end - 300),
      end: String(end),
    })) as { exemplars: Exemplar[] }[];
    return series.flatMap(({ exemplars }) => exemplars);
  }

  /** Whether each rule could be evaluated the last time. */
  async rules(): Promise<readonly { name: string; health: string; lastError?: string }[]> {
    const { groups } = (await this.#get('rules', {})) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  }

  /** @throws {Error} with Prometheus's own words if it does not understand. */
  async #get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await response.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') {
      throw new Error(`Prometheus on ${path} ${JSON.stringify(parameters)}: ${body.error}`);
    }
    return body.data;
  }
}
