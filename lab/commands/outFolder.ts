import { makeRunFolder } from '../experiment/runFolder.ts';
import { UsageError } from './usageError.ts';

/** The folder of a run that starts now, in the directory that `--out` names. */
export function outFolder(out: string, startedAt: Date): string {
  try {
    return makeRunFolder(out, startedAt);
  } catch (error) {
    throw new UsageError(
      `--out ${out}: no folder can be made there: ${(error as Error).message}; ` +
        'name a directory that can be written to, or one that can be made',
      { cause: error },
    );
  }
}
