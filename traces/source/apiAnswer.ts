import type { Answer } from './boundedGet.ts';
import { SourceError } from './sourceError.ts';

/** What was asked, for messages: of whom, and what for. */
export interface Question {
  readonly baseUrl: string;
  readonly what: string;
  readonly api: TraceApi;
}

/** How messages name an API, and what they say of where it is found. */
export interface TraceApi {
  /** Such as "a Jaeger query API (v3)". */
  readonly name: string;
  readonly address: string;
}

/** The object that an answer's JSON holds. @throws {SourceError} `truncated` or `malformed`. */
export function objectOf(answer: Answer, question: Question): object {
  const text = answer.body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // A backend that fails in the middle of an answer has sent its status 200 before.
    if (text.startsWith('{')) throw onlyBeginning(answer, question, error as Error);
    throw malformed(answer, question, `it is not JSON but ${answer.contentType || 'untyped'}`);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw malformed(answer, question, 'it is no JSON object');
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

export function onlyBeginning(
  answer: Answer,
  { baseUrl, what }: Question,
  cause: Error,
): SourceError {
  return new SourceError(
    'truncated',
    `${baseUrl} gave only the beginning of its answer with ${what} ` +
      `(${answer.body.length} bytes): ${cause.message}`,
    { cause },
  );
}

/** An answer that is none of the API that was asked. */
export function malformed(
  answer: Answer,
  { baseUrl, what, api }: Question,
  why: string,
): SourceError {
  return new SourceError(
    'malformed',
    `What ${baseUrl} answers to a request for ${what} is not of ${api.name}: ${why}; ${api.address}`,
    { status: answer.status },
  );
}
