import { existsSync } from 'node:fs';
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
  const write = (data: object) =>
    writeFile(join(directory, 'result.json'), `${JSON.stringify(data, null, 1)}\n`);
  // First without the analysis: a fault in it must not cost what was measured.
  await write({ version: 1, run });
  const spans: Span[] = [];
  const file = join(directory, 'traces.ndjson');
  // What ends before the collector has started leaves no file.
  const batches = existsSync(file)
    ? readTraceFile(file, ({ line, message }) => say(`${file}:${line}: ${message}`))
    : [];
  for await (const batch of batches) spans.push(...batch);
  const result: Result = { version: 1, run, analysis: analyse(run, spans) };
  await write(result);
  await writeFile(join(directory, 'report.html'), renderHtml(result, spans));
  return result;
}
