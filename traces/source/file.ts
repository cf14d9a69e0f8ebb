import type { Span } from '../span.ts';
import { SourceError } from './sourceError.ts';
import { readTraceFile } from './traceFile.ts';
import type { TraceSource } from './traceSource.ts';

/** Reads a file of OTLP JSON lines anew at each call: it may grow. A last line that is torn waits. */
export class FileSource implements TraceSource {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async getTrace(traceId: string): Promise<Span[] | null> {
    const wanted = traceId.toLowerCase();
    let found: Span[] = [];
    try {
      const lines = readTraceFile(this.#path, ({ line, torn, message }) => {
        if (torn) return;
        throw new SourceError('malformed', `${this.#path}, line ${line}: ${message}`);
      });
      for await (const spans of lines) {
        // Not `push(...)`: the spans of a line may be more than a call takes arguments.
        found = found.concat(spans.filter((span) => span.traceId === wanted));
      }
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(
        'unreachable',
        `${this.#path} cannot be read: ${(error as Error).message}`,
        { cause: error },
      );
    }
    return found.length === 0 ? null : found;
  }
}
