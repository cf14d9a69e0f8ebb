import { fromCanonicalJson, isCanonicalJson } from '../otlp/canonicalJson.ts';
import { decodeOtlpJson } from '../otlp/decode.ts';
import { parseOtlpJson } from '../otlp/parse.ts';
import { MalformedOtlpError } from '../otlp/request.ts';
import type { Span } from '../span.ts';
import { readLines } from './lines.ts';

/** What cannot be used of a file: a line, or a span in it. */
export interface LineFault {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** It is the last line and has no line end: a write was cut short. */
  readonly torn: boolean;
  readonly message: string;
}

/**
 * The spans of a file of OTLP JSON lines (what the OpenTelemetry Collector's file exporter and the
 * embedded collector write; or Protobuf's general JSON, as from `MessageToJson` of other languages),
 * a line at a time, in the order of the file. Lines that are not OTLP JSON, such as a last one that
 * was cut short, and spans of invalid ids go to `onFault`, which may throw; otherwise reading goes on.
 * @throws the system's error if the file cannot be read.
 */
export async function* readTraceFile(
  path: string,
  onFault: (fault: LineFault) => void,
): AsyncGenerator<Span[]> {
  for await (const { number: line, bytes, isWhole } of readLines(path)) {
    let spans: Span[];
    let rejected: string[];
    try {
      const parsed = parseOtlpJson(bytes);
      const request = isCanonicalJson(parsed) ? fromCanonicalJson(parsed) : parsed;
      ({ spans, rejected } = decodeOtlpJson(request));
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error;
      onFault({ path, line, torn: !isWhole, message: error.message });
      continue;
    }
    for (const message of rejected) onFault({ path, line, torn: false, message });
    if (spans.length > 0) yield spans;
  }
}
