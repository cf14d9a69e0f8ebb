import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
import { TempoSource } from '../../traces/source/tempo.ts';
import { UsageError } from '../commands/usageError.ts';
import { fileStore } from './fileStore.ts';
import { jaegerStore } from './jaegerStore.ts';
import { isTempo, tempoStore } from './tempoStore.ts';
import type { TraceStore } from './traceStore.ts';

export interface OpenOptions {
  readonly sinceMs: number;
  readonly nowMs: () => number;
}

const tracesOfRun = 'traces.ndjson';
/** What the last run has left. */
export const defaultSource = 'runs/latest';

/**
 * @param text a URL, a file, or a folder of a run.
 * @throws {UsageError} if it is none of these.
 */
export async function openStore(text: string, options: OpenOptions): Promise<TraceStore> {
  if (isUrl(text)) {
    return openUrl(text.replace(/\/+$/, ''), options);
  }
  return fileStore(fileOf(text));
}

/** Whichever of the two answers as it should. */
async function openUrl(url: string, options: OpenOptions): Promise<TraceStore> {
  const jaeger = jaegerStore({ ...options, url, source: new JaegerSource(url) });
  try {
    await new JaegerSource(url).getServices();
    return jaeger;
  } catch (error) {
    const isOther = error instanceof SourceError && error.trouble === 'malformed';
    if (!isOther || !(await isTempo(url))) throw error;
    return tempoStore({ ...options, url, source: new TempoSource(url) });
  }
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** `runs/latest` as what it points to: it points elsewhere after the next run. */
function fileOf(path: string): string {
  if (!existsSync(path)) {
    throw new UsageError(
      path === defaultSource
        ? 'No --source, and no runs/latest here: give a URL (http://127.0.0.1:16686) or a file ' +
            'of OTLP JSON lines, or run `npm start` first'
        : `--source ${path}: there is no such file; give a URL such as http://127.0.0.1:16686, a ` +
            'file of OTLP JSON lines, or the folder of a run',
    );
  }
  const real = realpathSync(path);
  const file = statSync(real).isDirectory() ? join(real, tracesOfRun) : real;
  if (!existsSync(file)) {
    throw new UsageError(
      `${path} is a folder without ${tracesOfRun}; give a file, or a run's folder`,
    );
  }
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
