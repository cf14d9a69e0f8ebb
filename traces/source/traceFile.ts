import { decodeOtlpJson } from '../otlp/decode.ts';
import type { Span } from '../span.ts';
import { type LineFault, readJsonLines } from './jsonLines.ts';

/**
 * The spans of a file of OTLP JSON lines (what the OpenTelemetry Collector's file exporter and the
 * embedded collector write), a line at a time, in the order of the file. Lines that are not JSON,
 * such as a last one that was cut short, and spans of invalid ids go to `onFault`, which may throw.
 * @throws {MalformedOtlpError} if a line is JSON but not OTLP.
 * @throws the system's error if the file cannot be read.
 */
export async function* readTraceFile(
  path: string,
  onFault: (fault: LineFault) => void,
): AsyncGenerator<Span[]> {
  for await (const { line, start, value } of readJsonLines(path, onFault)) {
    const { spans, rejected } = decodeOtlpJson(value);
    for (const message of rejected) onFault({ path, line, start, torn: false, message });
    if (spans.length > 0) yield spans;
  }
}
