import type { MutantResult } from '@stryker-mutator/api/core';
import type { Survivors } from './equivalent.ts';

export interface MutationReport {
  readonly text: string;
  /** Survivors without a reason, and reasons without a survivor. */
  readonly faults: number;
}

const columns = ['killed', 'timeout', 'known', 'unknown', 'no test'];
const statuses = ['Killed', 'Timeout', '', 'Survived', 'NoCoverage'];
const isKnownColumn = 2;

/**
 * A table of what became of the mutants, then of each survivor where it is and why it may be.
 * @param sourceOf gives the text of a file as it was mutated.
 */
export function mutationReport(
  results: readonly MutantResult[],
  sourceOf: (file: string) => string,
  equivalent: Readonly<Record<string, readonly Survivors[]>>,
): MutationReport {
  const byFile = Object.groupBy(results, ({ fileName }) => fileName);
  const rows: string[][] = [];
  const known: string[] = [];
  const unknown: string[] = [];
  const stale: string[] = [];
  const total = columns.map(() => 0);
  for (const [file, mutants = []] of Object.entries(byFile).sort()) {
    const lines = sourceOf(file).split('\n');
    const reasons = new Map<string, string>(
      equivalent[file]?.flatMap(({ line, mutants, why }) =>
        mutants.map((mutant) => [`${line}\n${mutant}`, why] as const),
      ),
    );
    const left = new Set(reasons.keys());
    const counts = columns.map(() => 0);
    for (const mutant of mutants) {
      const found = statuses.indexOf(mutant.status);
      if (found < 0) continue;
      const line = lines[mutant.location.start.line - 1]?.trim() ?? '';
      const told = describe(mutant, lines);
      const key = `${line}\n${told}`;
      const why = reasons.get(key);
      const column = found > isKnownColumn && why !== undefined ? isKnownColumn : found;
      counts[column] = (counts[column] ?? 0) + 1;
      if (column < isKnownColumn) continue;
      left.delete(key);
      const where = `${file}:${mutant.location.start.line}  ${line}\n    ${told}`;
      if (column === isKnownColumn) known.push(`${where}\n    ${why}`);
      else unknown.push(mutant.status === 'Survived' ? where : `${where}\n    no test runs it`);
    }
    stale.push(...[...left].map((key) => `${file}  ${key.replace('\n', '\n    ')}`));
    rows.push([file, ...counts.map(String)]);
    counts.forEach((count, i) => {
      total[i] = (total[i] ?? 0) + count;
    });
  }
  rows.push(['all', ...total.map(String)]);
  const parts = [
    [known, 'survived, for a reason that is known'],
    [unknown, 'survived, for no reason that is known'],
    [stale, 'killed or gone, though test/mutation/equivalent.ts has a reason for it'],
  ] as const;
  const text = [
    table([['', ...columns], ...rows]),
    ...parts
      .filter(([list]) => list.length > 0)
      .map(([list, title]) => `${list.length} ${title}:\n\n${list.join('\n')}`),
  ].join('\n\n');
  return { text, faults: unknown.length + stale.length };
}

/** Mutator, the code and what it is replaced by, on one line. */
function describe({ mutatorName, location, replacement }: MutantResult, lines: string[]): string {
  const { start, end } = location;
  const code = lines.slice(start.line - 1, end.line);
  code.push((code.pop() ?? '').slice(0, end.column - 1));
  code[0] = (code[0] ?? '').slice(start.column - 1);
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  return `${mutatorName}: ${flat(code.join('\n'))} → ${flat(replacement ?? '')}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
    )
    .map((cells) => cells.join('  '))
    .join('\n');
}
