/**
 * Why a source could not say what it holds:
 * - `unreachable`: nothing answers at its address, or the connection broke before an answer;
 * - `timeout`: no whole answer in time;
 * - `refused`: an answer that says no, such as status 400, 401 or 500;
 * - `truncated`: an answer that stops in the middle, or a search that cannot be cut finer;
 * - `tooLarge`: more than the caller's limit;
 * - `malformed`: an answer that is none of a trace API, such as a web page.
 */
export type SourceTrouble =
  | 'unreachable'
  | 'timeout'
  | 'refused'
  | 'truncated'
  | 'tooLarge'
  | 'malformed';

/**
 * A source of traces cannot be read. It says nothing about the traces: who tests with them must
 * not take it for one that is missing.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly trouble: SourceTrouble;
  /** HTTP status, where the source gave one. */
  readonly status: number | null;

  constructor(
    trouble: SourceTrouble,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.trouble = trouble;
    this.status = options.status ?? null;
  }
}
