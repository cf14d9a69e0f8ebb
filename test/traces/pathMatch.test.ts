import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closePaths } from '../../traces/criticalPath.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

/** A stretch, by its span's id and name, and whether it may be too short to be there. */
interface Stretch {
  readonly id: string;
  readonly name: string;
  readonly isShort: boolean;
}

/** All that is left of a path as some of its short stretches are there and others are not. */
function* leftOf([first, ...rest]: readonly Stretch[]): Generator<Stretch[]> {
  if (first === undefined) yield [];
  else {
    for (const left of leftOf(rest)) {
      yield [first, ...left];
      if (first.isShort) yield left;
    }
  }
}

const namesOf = (path: readonly Stretch[]) =>
  path.filter(({ id }, i) => id !== path[i - 1]?.id).map(({ name }) => name);

/** By trying everything. */
function fitOf(trace: Trace, names: readonly string[]): boolean | 'undetermined' {
  const isWanted = (path: readonly Stretch[]) => namesOf(path).join() === names.join();
  const root = trace.root?.node;
  const paths = (root ? closePaths(root, 1_000_000n) : []).map((sections) =>
    sections.map(({ span: { spanId: id, name }, startUnixNano, endUnixNano }) => ({
      ...{ id, name },
      isShort: endUnixNano - startUnixNano < 1_000_000n,
    })),
  );
  if (paths.every((path) => isWanted(path.filter(({ isShort }) => !isShort)))) return true;
  return paths.some((path) => [...leftOf(path)].some(isWanted)) ? 'undetermined' : false;
}

test('toHaveCriticalPath() of an exact path is as by trying everything', () => {
  const name = fc.constantFrom('a', 'b');
  const quarters = fc.nat({ max: 16 });
  const spans = fc
    .array(fc.record({ name, parent: fc.nat(), start: quarters, length: quarters }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((list) =>
      list.map((each, i) => {
        const parentId = i === 0 ? '' : `s${each.parent % i}`;
        const startMs = i === 0 ? 0 : each.start / 4;
        const endMs = i === 0 ? 5 : startMs + each.length / 4;
        return at(`s${i}`, parentId, startMs, endMs, { name: each.name });
      }),
    );
  const seen = { true: 0, false: 0, undetermined: 0 };
  fc.assert(
    fc.property(spans, fc.array(name, { minLength: 1, maxLength: 5 }), (list, names) => {
      const trace = new Trace(list);
      const fit = fitOf(trace, names);
      seen[`${fit}`]++;
      const passes = [false, true].map((not) => {
        try {
          const assertion = not ? expect(trace).not : expect(trace);
          assertion.toHaveCriticalPath(names, { exact: true });
          return true;
        } catch {
          return false;
        }
      });
      expect(passes).toEqual([fit === true, fit === false]);
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(9);
});
