import type { MutantResult } from '@stryker-mutator/api/core';
import { expect, test } from 'vitest';
import { mutationReport } from './report.ts';

const source = ['const a = b > 0;', '  if (a) {', '    run();', '  }'].join('\n');
type Position = readonly [line: number, column: number];
function mutant(status: string, start: Position, end: Position, replacement: string) {
  const at = ([line, column]: Position) => ({ line, column });
  return {
    ...{ id: '', fileName: 'a.ts', mutatorName: 'Some', status, replacement },
    location: { start: at(start), end: at(end) },
  } as MutantResult;
}
const killed = mutant('Killed', [1, 11], [1, 16], 'b >= 0');
const known = mutant('Survived', [2, 10], [4, 4], '{}');
const unknown = mutant('Survived', [1, 11], [1, 16], 'b < 0');
const untested = mutant('NoCoverage', [3, 5], [3, 11], ';');
const why = 'nothing is run';
const equivalent = { 'a.ts': [{ line: 'if (a) {', mutants: ['Some: { run(); } → {}'], why }] };

test('mutationReport() counts, and says of survivors where they are and why they may be', () => {
  const results = [killed, mutant('Timeout', [2, 3], [2, 4], ''), known, unknown, untested];
  expect(mutationReport(results, () => source, equivalent)).toEqual({
    faults: 2,
    text: [
      '      killed  timeout  known  unknown  no test',
      'a.ts       1        1      1        1        1',
      'all        1        1      1        1        1',
      '',
      '1 survived, for a reason that is known:',
      '',
      'a.ts:2  if (a) {',
      '    Some: { run(); } → {}',
      '    nothing is run',
      '',
      '2 survived, for no reason that is known:',
      '',
      'a.ts:1  const a = b > 0;',
      '    Some: b > 0 → b < 0',
      'a.ts:3  run();',
      '    Some: run(); → ;',
      '    no test runs it',
    ].join('\n'),
  });
});

test('mutationReport() takes a reason without its survivor for a fault, in files that were mutated', () => {
  const { faults, text } = mutationReport([killed], () => source, equivalent);
  expect(faults).toBe(1);
  expect(text).toContain(
    '1 killed or gone, though test/mutation/equivalent.ts has a reason for it',
  );
  expect(mutationReport([killed], () => source, { 'b.ts': equivalent['a.ts'] }).faults).toBe(0);
});
