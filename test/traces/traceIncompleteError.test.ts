import { expect, test } from 'vitest';
import { Trace } from '../../traces/trace.ts';
import {
  TraceIncompleteError,
  TraceUnavailableError,
  type UnmetRule,
} from '../../traces/traceIncompleteError.ts';
import { waterfall } from '../../traces/waterfall.ts';
import { msSpan as at } from './span.ts';

const trace = new Trace(['a', 'b', 'c', 'd'].map((id, i) => at(id, i === 0 ? '' : 'a', i, 9)));
const rule = (message: string, spanIds: readonly string[] = []): UnmetRule => ({
  ...{ rule: 'structure', message, spanIds },
});
const numbered = (count: number) => Array.from({ length: count }, (_, i) => rule(`fault ${i}`));

test.each<{ what: string; unmet: UnmetRule[]; lines: string[]; notes?: [string, string[]][] }>([
  {
    what: 'each rule',
    unmet: numbered(2),
    lines: ['  structure: fault 0', '  structure: fault 1'],
  },
  {
    what: 'no more than five rules',
    unmet: numbered(5),
    lines: [0, 1, 2, 3, 4].map((i) => `  structure: fault ${i}`),
  },
  {
    what: 'how many more there are',
    unmet: [...numbered(6), rule('x', ['d'])],
    lines: [...[0, 1, 2, 3, 4].map((i) => `  structure: fault ${i}`), '  and 2 more'],
  },
  {
    what: 'three lines of a long message',
    unmet: [rule('1\n2\n3\n4')],
    lines: ['  structure: 1', '    2', '    3'],
  },
  {
    what: 'the begin of a long line',
    unmet: [rule('x'.repeat(1300))],
    lines: [`  structure: ${'x'.repeat(1200)}`],
  },
  {
    what: 'at three spans what is wrong with them',
    unmet: [rule('one\nmore', ['a', 'b', 'c', 'd']), rule('two', ['a'])],
    lines: ['  structure: one', '    more', '  structure: two'],
    notes: [
      ['a', ['one', 'two']],
      ['b', ['one']],
      ['c', ['one']],
    ],
  },
])('TraceIncompleteError says $what', ({ unmet, lines, notes }) => {
  const error = new TraceIncompleteError(trace, unmet, 99.6);
  expect(error.message.split('\n')).toEqual([
    'The trace was not whole within 100 ms:',
    ...lines,
    'What came:',
    ...waterfall(trace, { notes: new Map(notes), maxLines: 38 }).split('\n'),
  ]);
  expect([error.name, error.trace, error.unmet]).toEqual(['TraceIncompleteError', trace, unmet]);
  expect('cause' in error).toBe(false);
});

test('TraceIncompleteError has its cause; both errors have their names', () => {
  const cause = new Error('why');
  expect(new TraceIncompleteError(trace, [], 1, cause).cause).toBe(cause);
  expect(new TraceUnavailableError('no').name).toBe('TraceUnavailableError');
});
