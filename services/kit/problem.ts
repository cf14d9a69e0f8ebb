import { STATUS_CODES } from 'node:http';

/** What a client is told when a request fails: `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  /** Short stable word for programs, in the body's member `code`. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail, options);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
  }

  /** `about:blank`: the status says what kind of problem it is (RFC 9457, 4.2.1). */
  body(serviceName: string, traceId: string | undefined): string {
    return JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Unknown',
      status: this.status,
      detail: this.message,
      code: this.code,
      service: serviceName,
      ...(traceId === undefined ? {} : { traceId }),
    });
  }
}

/** A 4xx answer of a called service, handed to the client as it came. */
export class PassedOn extends Error {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: string, headers: Readonly<Record<string, string>>) {
    super(`A called service answered ${status}`);
    this.name = 'PassedOn';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** `error` as a problem: what Express and its parsers throw has a `status`; all else is a 500. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const code = type === 'entity.too.large' ? 'body-too-large' : 'bad-request';
    return new Problem(status, code, (error as Error).message, { cause: error });
  }
  return new Problem(500, 'internal', 'Something went wrong in this service; its log says what', {
    cause: error,
  });
}
