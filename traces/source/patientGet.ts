import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './apiAnswer.ts';
import { type Answer, boundedGet, type GetLimits } from './boundedGet.ts';
import { SourceError } from './sourceError.ts';

export interface PatientGet {
  readonly url: string;
  /** Who is asked, for messages. */
  readonly baseUrl: string;
  /** What for, as in "refuses … with status 500". */
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits: GetLimits;
  /** How often in all it is made, if it breaks or is refused with 429, 502, 503 or 504. */
  readonly attempts: number;
  /** Whether an answer that breaks off is asked for again. Default: true. */
  readonly retriesTruncated?: boolean;
}

const firstBackoffMs = 200;
const passingStatuses = [429, 502, 503, 504];

/**
 * An answer of status 200 or 404; tries again where that may help.
 * @throws {SourceError} that says what could not be had and why.
 * @throws the reason of `signal` if it aborts.
 */
export async function patientGet(request: PatientGet, signal?: AbortSignal): Promise<Answer> {
  const { url, baseUrl, what, limits, attempts } = request;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await boundedGet(url, what, limits, request.headers, signal);
      if (answer.status === 200 || answer.status === 404) return answer;
      throw new SourceError(
        'refused',
        `${baseUrl} refuses ${what} with status ${answer.status}: ${messageOf(answer)}`,
        { status: answer.status },
      );
    } catch (error) {
      if (!(error instanceof SourceError) || attempt >= attempts || !mayPass(error, request)) {
        throw error;
      }
      await sleep(firstBackoffMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {}).catch(
        () => signal?.throwIfAborted(),
      );
    }
  }
}

function mayPass({ trouble, status }: SourceError, { retriesTruncated = true }: PatientGet) {
  if (trouble === 'refused') return passingStatuses.includes(status ?? 0);
  return trouble === 'unreachable' || (trouble === 'truncated' && retriesTruncated);
}
