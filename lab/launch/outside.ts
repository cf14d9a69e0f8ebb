import { JaegerSource } from '../../traces/source/jaeger.ts';
import { describe } from '../describe.ts';

/** A collector and a store that run already, in place of the embedded collector. */
export interface Outside {
  /** Base URL for OTLP over HTTP. */
  readonly collectorUrl: string;
  /** Base URL of a query API like Jaeger's. */
  readonly queryUrl: string;
}

const timeoutMs = 5000;

/**
 * Makes sure that both can be used, before anything is started for it.
 * @throws {Error} naming what cannot be, why, and what to do.
 */
export async function checkOutside({ collectorUrl, queryUrl }: Outside): Promise<void> {
  const failures = await Promise.all([whyNotExport(collectorUrl), whyNotQuery(queryUrl)]);
  const told = failures.filter((failure) => failure !== null);
  if (told.length === 0) return;
  throw new Error(
    `${told.join('\n')}\nStart what is missing (docker compose up --wait starts all of it), correct ` +
      '--collector and --query, or leave both out, and AFTERSHOCK_COLLECTOR and AFTERSHOCK_QUERY ' +
      'unset, for the embedded collector.',
  );
}

/** Sends an export request without spans. */
async function whyNotExport(collectorUrl: string): Promise<string | null> {
  const url = `${collectorUrl}/v1/traces`;
  const what = `The collector at ${collectorUrl} (--collector) cannot be used`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...exportHeaders(process.env), 'content-type': 'application/json' },
      body: '{"resourceSpans":[]}',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.ok && isExportResponse(text)) return null;
    return response.ok
      ? `${what}: POST ${url} is answered, but not as OTLP answers; is it the port for OTLP over HTTP?`
      : `${what}: POST ${url} is refused with status ${response.status}: ${text.trim().slice(0, 200)}`;
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
    // What fetch throws says only "fetch failed".
    const cause = error instanceof TypeError && error.cause ? error.cause : error;
    return `${what}: ${timedOut ? `no answer within ${timeoutMs / 1000} s` : describe(cause)}`;
  }
}

/** `OTEL_EXPORTER_OTLP_HEADERS` (`key=value,…`, percent-encoded), as exporters send them. */
function exportHeaders({ OTEL_EXPORTER_OTLP_HEADERS: text = '' }: NodeJS.ProcessEnv) {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals).trim(), decodeURIComponent(pair.slice(equals + 1).trim())];
    }),
  );
}

/** Any JSON object: an answer to nothing at all has no fields that must be there. */
function isExportResponse(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

async function whyNotQuery(queryUrl: string): Promise<string | null> {
  try {
    await new JaegerSource(queryUrl, { timeoutMs, attempts: 1 }).getServices();
    return null;
  } catch (error) {
    return `The query API at ${queryUrl} (--query) cannot be used: ${(error as Error).message}`;
  }
}
