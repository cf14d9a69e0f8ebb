import { decodeOtlpJson } from '../otlp/decode.ts';
import { MalformedOtlpError } from '../otlp/request.ts';
import type { Span } from '../span.ts';
import { malformed, messageOf, objectOf, type TraceApi } from './apiAnswer.ts';
import type { Answer } from './boundedGet.ts';

/** What was asked, for messages: of whom, and what for. */
export interface JaegerQuestion {
  readonly baseUrl: string;
  readonly what: string;
}

const api: TraceApi = {
  name: 'a Jaeger query API (v3)',
  address: 'its address is that of the Jaeger UI, such as http://127.0.0.1:16686',
};

/**
 * The spans of an answer to a search or to a trace's id; none if it says that there are none.
 * @throws {SourceError} `truncated` or `malformed`.
 */
export function spansOf(answer: Answer, asked: JaegerQuestion): Span[] {
  const question = { ...asked, api };
  if (answer.status === 404) {
    if (saysNotFound(answer)) return [];
    throw malformed(answer, question, `it knows no such path: ${messageOf(answer)}`);
  }
  const { result } = objectOf(answer, question) as { result?: unknown };
  // An empty message: no traces.
  if (result === undefined || result === null) return [];
  try {
    return decodeOtlpJson(result).spans.map(asItCame);
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error;
    throw malformed(answer, question, error.message);
  }
}

/** @throws {SourceError} `truncated` or `malformed`. */
export function servicesOf(answer: Answer, asked: JaegerQuestion): string[] {
  const question = { ...asked, api };
  if (answer.status === 404) {
    throw malformed(answer, question, `it knows no such path: ${messageOf(answer)}`);
  }
  const { services } = objectOf(answer, question) as { services?: unknown };
  // Without spans Jaeger 2.13 leaves the field out.
  if (services === undefined || services === null) return [];
  if (Array.isArray(services) && services.every((name) => typeof name === 'string')) {
    return services;
  }
  throw malformed(answer, question, '`services` is not a list of names');
}

const warnings = '@jaeger@warnings';

/**
 * Without what Jaeger's collector does to a span that does not end after its start: it makes it end
 * a nanosecond later, and says so in an attribute of its own, with the end that the span had.
 */
function asItCame(span: Span): Span {
  if (!(warnings in span.attributes)) return span;
  const { [warnings]: said, ...attributes } = span.attributes;
  const original = /Original end timestamp: ([-0-9]+) ([0-9:]+)(?:\.(\d{1,9}))? \+0000 UTC/.exec(
    String(said),
  );
  if (original === null) return { ...span, attributes };
  const [, day, time, fraction = ''] = original;
  const second = BigInt(Date.parse(`${day}T${time}Z`)) * 1_000_000n;
  return { ...span, attributes, endUnixNano: second + BigInt(fraction.padEnd(9, '0')) };
}

/** Jaeger says by 404 that it found nothing; a wrong address is answered with a page or plain text. */
function saysNotFound({ body }: Answer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && 'error' in value;
  } catch {
    return false;
  }
}
