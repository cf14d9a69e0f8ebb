import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFigures } from './victimFigures.ts';
import { VictimScore } from './victimScore.ts';

/** What {@link keepFigures} has written under that name; null: nothing, or nothing is kept. */
export async function keptFigures(folder: string | null, name: string): Promise<RunFigures | null> {
  if (folder === null) return null;
  const text = await readFile(join(folder, `${name}.json`), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const { scores, ...others } = JSON.parse(text);
  const read = Object.entries(scores as Record<string, Record<string, number>>).map(
    ([phase, counts]) => [phase, VictimScore.from(counts)] as const,
  );
  return { ...others, scores: new Map(read) };
}

/** Writes them to a file of the folder, which exists; null: does nothing. */
export async function keepFigures(
  folder: string | null,
  name: string,
  figures: RunFigures,
): Promise<void> {
  if (folder === null) return;
  const scores = Object.fromEntries(figures.scores);
  await writeFile(join(folder, `${name}.json`), JSON.stringify({ ...figures, scores }));
}
