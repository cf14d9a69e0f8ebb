import { Snapshots } from 'vitest';
import { traceOf } from './subject.ts';
import { type SnapshotShape, traceSnapshot } from './traceSnapshot.ts';
import type { MatcherContext, MatcherResult } from './verdict.ts';

export interface TraceSnapshotOptions extends SnapshotShape {
  /** Tells several snapshots of a test apart. */
  readonly hint?: string;
}

/**
 * The trace is as its snapshot has it: services, kinds, names, statuses, attributes and events, in
 * the shape of the tree. What differs from run to run is left out or stands as `<id>`, `<port>`, …;
 * siblings come in the order of their text, not of their times. Written where there is none yet, as
 * with `toMatchSnapshot`; `vitest -u` writes it anew.
 * @throws {TypeError} with `.not`, `expect.poll` or as a value: a snapshot would be written of what
 *   must not be, or is not whole.
 */
export function toMatchTraceSnapshot(
  this: MatcherContext,
  received: unknown,
  { hint, ...shape }: TraceSnapshotOptions = {},
): MatcherResult {
  const text = traceSnapshot(traceOf(received), shape);
  const state = checked(this, 'toMatchTraceSnapshot');
  return sentence(Snapshots.toMatchSnapshot.call(state, text, hint), 'toMatchTraceSnapshot');
}

/** The same, with the snapshot in the test itself: vitest writes it there. */
export function toMatchTraceInlineSnapshot(
  this: MatcherContext,
  received: unknown,
  inlineSnapshot?: string,
  shape: SnapshotShape = {},
): MatcherResult {
  const text = traceSnapshot(traceOf(received), shape);
  const state = checked(this, 'toMatchTraceInlineSnapshot');
  const result = Snapshots.toMatchInlineSnapshot.call(state, text, inlineSnapshot);
  return sentence(result, 'toMatchTraceInlineSnapshot');
}

type State = ThisParameterType<typeof Snapshots.toMatchSnapshot>;

function checked(context: MatcherContext, name: string): State {
  const { isNot, poll, assertion } = context as MatcherContext & Partial<State>;
  const instead =
    isNot === true
      ? '`.not`: say what must not be there, such as .not.toHaveSpan(…)'
      : poll === true
        ? '`expect.poll`: await settle(…) first'
        : assertion === undefined
          ? 'a value to be compared with: use expect(trace)'
          : null;
  if (instead !== null) throw new TypeError(`${name} cannot be used with ${instead}`);
  return context as State;
}

function sentence(result: ReturnType<typeof Snapshots.toMatchSnapshot>, name: string) {
  const { message } = result;
  return { ...result, message: () => `expect(trace).${name}: ${message()}` } as MatcherResult;
}
