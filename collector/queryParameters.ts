import { HttpError } from './httpError.ts';
import type { TraceQuery } from './search.ts';

const DEFAULT_DEPTH = 100;
/** An answer is built in memory. */
const MAX_DEPTH = 10_000;

/**
 * The parameters of `/api/v3/traces`, by Jaeger's names in both spellings.
 * @throws {HttpError} 400, naming the parameter.
 */
export function parseTraceQuery(parameters: URLSearchParams): TraceQuery {
  const get = (camel: string): { name: string; value: string } => {
    const snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const name = parameters.get(camel) ? camel : snake;
    return { name, value: parameters.get(name) ?? '' };
  };
  if (parameters.get('query.filter')) {
    throw new HttpError(400, 'parameter query.filter is not supported; use query.attributes');
  }
  const startMin = get('query.startTimeMin');
  const startMax = get('query.startTimeMax');
  if (!startMin.value || !startMax.value) {
    throw new HttpError(400, 'query.startTimeMin and query.startTimeMax are required');
  }
  const startMinUnixNano = malformed(startMin.name, () => parseRfc3339Nano(startMin.value));
  const startMaxUnixNano = malformed(startMax.name, () => parseRfc3339Nano(startMax.value));
  if (startMinUnixNano >= startMaxUnixNano) {
    throw new HttpError(400, 'query.startTimeMin must be before query.startTimeMax');
  }
  const depth = get('query.searchDepth').value ? get('query.searchDepth') : get('query.numTraces');
  const durationMin = get('query.durationMin');
  const durationMax = get('query.durationMax');
  return {
    service: get('query.serviceName').value || null,
    operation: get('query.operationName').value || null,
    startMinUnixNano,
    startMaxUnixNano,
    durationMinNano: malformed(durationMin.name, () => parseDurationNano(durationMin.value)),
    durationMaxNano: malformed(durationMax.name, () => parseDurationNano(durationMax.value)),
    attributes: malformed('query.attributes', () =>
      parseAttributes(parameters.get('query.attributes') ?? ''),
    ),
    limit: malformed(depth.name, () => parseDepth(depth.value)),
  };
}

function malformed<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new HttpError(400, `malformed parameter ${name}: ${(error as Error).message}`);
  }
}

function parseDepth(text: string): number {
  if (text === '') return DEFAULT_DEPTH;
  if (!/^\d+$/.test(text) || Number(text) === 0 || Number(text) > MAX_DEPTH) {
    throw new Error(`must be a whole number from 1 to ${MAX_DEPTH}; it is "${text}"`);
  }
  return Number(text);
}

/** A JSON object of strings. */
function parseAttributes(text: string): Record<string, string> {
  if (text === '') return {};
  const value: unknown = JSON.parse(text);
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    !Object.values(value).every((each) => typeof each === 'string')
  ) {
    throw new Error(`must be a JSON object of strings, such as {"http.route":"/users/:id"}`);
  }
  return value as Record<string, string>;
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 of a time such as `2026-01-02T03:04:05.123456789Z`. */
function parseRfc3339Nano(text: string): bigint {
  const match = RFC3339.exec(text);
  const ms = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  if (!match || Number.isNaN(ms)) {
    throw new Error(`must be an RFC 3339 time such as 2026-01-02T03:04:05.678Z; it is "${text}"`);
  }
  const nano = BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
  return nano < 0n ? 0n : nano;
}

const UNITS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // micro sign
  μs: 1e3, // Greek mu
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a Go duration such as `1m30s` or `120ms`; null for none (empty or 0). */
function parseDurationNano(text: string): number | null {
  if (text === '' || text === '0') return null;
  let nano = 0;
  let rest = text;
  while (rest !== '') {
    const match = /^(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (!match) throw new Error(`must be a duration such as 120ms or 1m30s; it is "${text}"`);
    nano += Number(match[1]) * (UNITS[match[2] as string] as number);
    rest = rest.slice(match[0].length);
  }
  return nano === 0 ? null : nano;
}
