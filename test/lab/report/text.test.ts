import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { analyse, type Result } from '../../../lab/analysis/analysis.ts';
import { renderText } from '../../../lab/report/text.ts';
import type { Run } from '../../../lab/run.ts';
import { type SyntheticOptions, syntheticRun } from '../syntheticRun.ts';

function resultOf(options: SyntheticOptions = {}, change: Partial<Run> = {}): Result {
  const synthetic = syntheticRun(options);
  const run = { ...synthetic.run, ...change };
  return { version: 1, run, analysis: analyse(run, synthetic.spans) };
}

const plain = (result: Result) => renderText(result, { color: false });

const cases: readonly { name: string; options: SyntheticOptions; change?: Partial<Run> }[] = [
  { name: 'chain', options: {} },
  { name: 'article', options: { meshName: 'article', timeoutMs: 60, retries: 2, dropped: 3 } },
  { name: 'control', options: { kind: 'delay' } },
  { name: 'rare', options: { everyMs: 18_000 } },
  { name: 'noPauses', options: { pauseStartsMs: [] } },
  { name: 'noBaseline', options: { baselineMs: 0 } },
  { name: 'noPausePhase', options: { pausesMs: 0 } },
  { name: 'shortBaseline', options: { baselineMs: 1000, pausesMs: 0 } },
  { name: 'allFail', options: { baselineMs: 1000, pausesMs: 3000, timeoutMs: 1 } },
  { name: 'short', options: { baselineMs: 1000, pausesMs: 3000 } },
];

describe.each(cases)('renderText() of $name', ({ name, options, change }) => {
  const result = resultOf(options, change);
  const text = plain(result);

  test('is what it was', async () => {
    await expect(text).toMatchFileSnapshot(`expected/${name}.txt`);
  });

  test('is at most 100 columns wide and has no NaN', () => {
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test('breaks its sentences earlier on a narrower terminal', () => {
    const lines = renderText(result, { color: false, columns: 50 }).split('\n');
    const begun = lines.filter((line) => /^ {2}[·!✓] /.test(line));
    expect(begun.length).toBeGreaterThan(0);
    for (const line of begun) expect(line.length).toBeLessThanOrEqual(50);
  });

  test('says the same in colours, and after a way through JSON', () => {
    const painted = renderText(result, { color: true });
    expect(painted).not.toBe(text);
    expect(stripVTControlCharacters(painted)).toBe(text);
    expect(plain(JSON.parse(JSON.stringify(result)))).toBe(text);
  });
});

test.each([{}, { kind: 'delay' }, { everyMs: 18_000 }, { baselineMs: 1000, pausesMs: 3000 }])(
  'renderText() of %o fits a terminal of 80 columns',
  (options) => {
    const lines = renderText(resultOf(options), { color: false, columns: 80 }).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  },
);

test('renderText() of a run without data says what failed, and no table', () => {
  const { run } = syntheticRun();
  const failed: Run = {
    ...run,
    phases: [],
    spans: { load: null },
    collector: null,
    failures: ['2.0 s into the start: auth died'],
  };
  expect(plain({ version: 1, run: failed, analysis: analyse(failed, []) })).toBe(
    'Aftershock  chain · 100 requests/s (Poisson) · seed 1\n\n' +
      '  ! 2.0 s into the start: auth died\n' +
      '  ! No data: no measured request left a trace.\n\n' +
      '  ! Spans: nobody could be asked what became of them.\n',
  );
});

test('renderText() passes on warnings, and says which process lost spans', () => {
  const { spans } = resultOf({ baselineMs: 2000, pausesMs: 2000 }).run;
  const user = spans.user ?? { ended: 0, exported: 0, dropped: 0 };
  const text = plain(
    resultOf(
      { baselineMs: 2000, pausesMs: 2000 },
      {
        warnings: ['The load generator was late'],
        spans: { ...spans, user: { ...user, ended: user.ended + 7 } },
      },
    ),
  );
  expect(text).toContain('! The load generator was late.');
  expect(text).toMatch(/! Spans: .* 7 lost \(user 7\)\./s);
});
