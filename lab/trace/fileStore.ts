import { SourceError } from '../../traces/source/sourceError.ts';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { type Holding, holdingOf, isPauseSpan, type TraceStore } from './traceStore.ts';

const mostFaultsShown = 3;

/** A file of OTLP JSON lines; lines that are none are left out, and told. */
export function fileStore(path: string): TraceStore {
  return {
    name: path,
    code: { kind: 'file', path },
    find: (idPrefix) =>
      read(path, (span) => span.traceId.startsWith(idPrefix.toLowerCase()) || isPauseSpan(span)),
    all: () => read(path, () => true),
  };
}

async function read(path: string, isWanted: (span: Span) => boolean): Promise<Holding> {
  const faults: string[] = [];
  const found: Span[] = [];
  let spans = 0;
  try {
    const lines = readTraceFile(path, ({ line, message }) =>
      faults.push(`line ${line}: ${message}`),
    );
    for await (const some of lines) {
      spans += some.length;
      for (const span of some) if (isWanted(span)) found.push(span);
    }
  } catch (error) {
    throw new SourceError('unreachable', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (spans === 0 && faults.length > 0) {
    throw new SourceError(
      'malformed',
      `${path} is not a file of OTLP JSON lines, as the OpenTelemetry Collector's file exporter ` +
        `writes: ${faults[0]}`,
    );
  }
  const more =
    faults.length > mostFaultsShown ? [`and ${faults.length - mostFaultsShown} more`] : [];
  const shown = [...faults.slice(0, mostFaultsShown), ...more];
  return holdingOf(
    found,
    undefined,
    faults.length === 0 ? [] : [`${path}, left out: ${shown.join('; ')}`],
  );
}
