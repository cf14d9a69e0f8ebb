import { expect, test } from 'vitest';
import { type Analysis, analyse } from '../../../lab/analysis/analysis.ts';
import { renderText } from '../../../lab/report/text.ts';
import type { Span } from '../../../traces/span.ts';
import { syntheticRun } from '../syntheticRun.ts';

const { run, spans } = syntheticRun();

/** What pauses say of themselves: the first `count` of them, where the service counts victims. */
function analysisWith(count: number): Analysis {
  let left = count;
  return analyse(
    run,
    spans.map((span): Span => {
      const isPause = span.attributes['aftershock.pause.kind'] !== undefined;
      if (!isPause || left-- <= 0) return span;
      const counts = { 'aftershock.pause.hit': 9, 'aftershock.pause.queued': 2 };
      return { ...span, attributes: { ...span.attributes, ...counts } };
    }),
  );
}

function textOf(analysis: Analysis): string {
  return renderText({ version: 1, run, analysis }, { color: false });
}

test('what the paused service says of its victims stands beside what was measured', () => {
  const analysis = analysisWith(Number.POSITIVE_INFINITY);
  const [group] = analysis.groups;
  const pauses = group?.pauses ?? 0;
  expect(group?.told).toEqual({ hit: 9 * pauses, queued: 2 * pauses });
  expect(textOf(analysis)).toMatch(/victims by its spans +11\.0 .*hit 9\.0, queued 2\.0/);
});

test.each([0, 1])('where %i of the pauses say so, there is no such line', (count) => {
  const analysis = analysisWith(count);
  expect(analysis.groups[0]).not.toHaveProperty('told');
  expect(textOf(analysis)).not.toContain('by its spans');
});
