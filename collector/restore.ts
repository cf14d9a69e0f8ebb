import { open } from 'node:fs/promises';
import { MalformedOtlpError } from '../traces/otlp/request.ts';
import { otlpJsonBytesToProtobuf } from '../traces/otlp/toProtobuf.ts';
import { readLines } from '../traces/source/lines.ts';
import { scanTranscoded } from './scan.ts';
import type { SpanStore } from './store.ts';
import { TraceFile } from './traceFile.ts';

/**
 * Reads a file of OTLP JSON lines into the store, creating it if need be, and opens it to append
 * to. A torn last line is cut off; a bad line elsewhere is left where it is.
 * @param warn told of each such line in a sentence.
 * @throws the system's error if the file cannot be used.
 */
export async function restore(
  path: string,
  store: SpanStore,
  warn: (sentence: string) => void,
): Promise<TraceFile> {
  await (await open(path, 'a')).close();
  let tornAt: number | null = null;
  for await (const { number, start, bytes, isWhole } of readLines(path)) {
    try {
      store.add(scanTranscoded(otlpJsonBytesToProtobuf(bytes)));
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error;
      if (!isWhole) tornAt = start;
      const what = isWhole ? 'not an OTLP request, left out' : 'the last line is torn, cut off';
      warn(`${path}:${number}: ${what} (${error.message})`);
    }
  }
  return TraceFile.open(path, tornAt);
}
