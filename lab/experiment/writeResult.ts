import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { analyse, type Result } from '../analysis/analysis.ts';
import { renderHtml } from '../report/html.ts';
import type { Run } from '../run.ts';

export interface Written {
  readonly result: Result;
  /** Whether both files could be written. */
  readonly whole: boolean;
}

/**
 * Reads `traces.ndjson` of the run's folder, analyses, and writes `result.json` and `report.html`
 * beside it. `say` is told of lines that cannot be read and of files that cannot be written: a full
 * disk must not cost the tables, too.
 */
export async function writeResult(
  run: Run,
  directory: string,
  say: (line: string) => void,
): Promise<Written> {
  async function write(name: string, text: string): Promise<boolean> {
    const path = join(directory, name);
    try {
      await writeFile(path, text);
      return true;
    } catch (error) {
      say(`${path} could not be written: ${(error as Error).message}`);
      return false;
    }
  }
  const writeJson = (data: object) => write('result.json', `${JSON.stringify(data, null, 1)}\n`);
  // First without the analysis: a fault in it must not cost what was measured.
  await writeJson({ version: 1, run });
  const spans: Span[] = [];
  const file = join(directory, 'traces.ndjson');
  // What ends before the collector has started leaves no file.
  const batches = existsSync(file)
    ? readTraceFile(file, ({ line, message }) => say(`${file}:${line}: ${message}`))
    : [];
  for await (const batch of batches) spans.push(...batch);
  const result: Result = { version: 1, run, analysis: analyse(run, spans) };
  const isResultThere = await writeJson(result);
  const isReportThere = await write('report.html', renderHtml(result, spans));
  return { result, whole: isResultThere && isReportThere };
}
