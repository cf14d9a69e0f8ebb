import { decodeOtlpJson } from '../otlp/decode.ts';
import { MalformedOtlpError } from '../otlp/request.ts';
import type { Span } from '../span.ts';
import type { Answer } from './boundedGet.ts';
import { SourceError } from './sourceError.ts';

/** What was asked, for messages: of whom, and what for. */
export interface Question {
  readonly baseUrl: string;
  readonly what: string;
}

/**
 * The spans of an answer to a search or to a trace's id; none if it says that there are none.
 * @throws {SourceError} `truncated` or `malformed`.
 */
export function spansOf(answer: Answer, question: Question): Span[] {
  if (answer.status === 404) {
    if (saysNotFound(answer)) return [];
    throw malformed(answer, question, `it knows no such path: ${messageOf(answer)}`);
  }
  const { result } = objectOf(answer, question) as { result?: unknown };
  // An empty message: no traces.
  if (result === undefined || result === null) return [];
  try {
    return decodeOtlpJson(result).spans;
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error;
    throw malformed(answer, question, error.message);
  }
}

/** @throws {SourceError} `truncated` or `malformed`. */
export function servicesOf(answer: Answer, question: Question): string[] {
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

/** What an answer of an error's status says, in one line. */
export function messageOf({ body }: Answer): string {
  const text = body.toString('utf8', 0, 2000);
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message;
  } catch {
    // Not JSON: as it is.
  }
  return text.trim().split('\n')[0]?.slice(0, 200) || 'without a word';
}

function objectOf(answer: Answer, question: Question): object {
  const text = answer.body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // A backend that fails in the middle of an answer has sent its status 200 before.
    if (text.startsWith('{')) {
      throw new SourceError(
        'truncated',
        `${question.baseUrl} gave only the beginning of its answer with ${question.what} ` +
          `(${answer.body.length} bytes): ${(error as Error).message}`,
        { cause: error },
      );
    }
    throw malformed(answer, question, `it is not JSON but ${answer.contentType || 'untyped'}`);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw malformed(answer, question, 'it is no JSON object');
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

function malformed(answer: Answer, { baseUrl, what }: Question, why: string): SourceError {
  return new SourceError(
    'malformed',
    `What ${baseUrl} answers to a request for ${what} is not of a Jaeger query API (v3): ${why}; ` +
      'its address is that of the Jaeger UI, such as http://127.0.0.1:16686',
    { status: answer.status },
  );
}
