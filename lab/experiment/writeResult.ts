import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { analyse, type Result } from '../analysis/analysis.ts';
import { renderHtml } from '../report/html.ts';
import type { Run } from '../run.ts';

/**
 * Reads `traces.ndjson` of the run's folder, analyses, and writes `result.json` and `report.html`
 * beside it. `say` is told of lines that cannot be read.
 */
export async function writeResult(
  run: Run,
  directory: string,
  say: (line: string) => void,
): Promise<Result> {
  const spans: Span[] = [];
  const file = join(directory, 'traces.ndjson');
  const batches = readTraceFile(file, ({ line, message }) => say(`${file}:${line}: ${message}`));
  for await (const batch of batches) spans.push(...batch);
  const result: Result = { version: 1, run, analysis: analyse(run, spans) };
  await writeFile(join(directory, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(join(directory, 'report.html'), renderHtml(result, spans));
  return result;
}
