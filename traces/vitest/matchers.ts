import { toAttributePause } from './toAttributePause.ts';
import { toBeLinkedTo } from './toBeLinkedTo.ts';
import { toCallService } from './toCallService.ts';
import { toCarryTracestate } from './toCarryTracestate.ts';
import { toConformToSemconv } from './toConformToSemconv.ts';
import { toHaveAmplification } from './toHaveAmplification.ts';
import { toHaveAttributes } from './toHaveAttributes.ts';
import { toHaveCriticalPath } from './toHaveCriticalPath.ts';
import { toHaveDurationWithin } from './toHaveDurationWithin.ts';
import { toHaveEvent } from './toHaveEvent.ts';
import { toHaveNoMissingServerSpans } from './toHaveNoMissingServerSpans.ts';
import { toHaveNoOrphans } from './toHaveNoOrphans.ts';
import { toHaveNoRepeatedCalls } from './toHaveNoRepeatedCalls.ts';
import { toHaveRetries } from './toHaveRetries.ts';
import { toHaveSelfTimeWithin } from './toHaveSelfTimeWithin.ts';
import { toHaveSpan } from './toHaveSpan.ts';
import { toHaveSpanTree } from './toHaveSpanTree.ts';
import { toHaveStatus } from './toHaveStatus.ts';
import { toMatchTraceInlineSnapshot, toMatchTraceSnapshot } from './toMatchTraceSnapshot.ts';
import { toOriginateErrorAt } from './toOriginateErrorAt.ts';
import { toRunConcurrently } from './toRunConcurrently.ts';

/** For `expect.extend(traceMatchers)`, in a set-up file of vitest. */
export const traceMatchers = {
  toHaveSpan,
  toHaveSpanTree,
  toCallService,
  toHaveAttributes,
  toHaveStatus,
  toHaveEvent,
  toHaveDurationWithin,
  toHaveSelfTimeWithin,
  toRunConcurrently,
  toHaveCriticalPath,
  toHaveRetries,
  toHaveNoRepeatedCalls,
  toHaveNoOrphans,
  toHaveNoMissingServerSpans,
  toCarryTracestate,
  toOriginateErrorAt,
  toAttributePause,
  toHaveAmplification,
  toBeLinkedTo,
  toConformToSemconv,
  toMatchTraceSnapshot,
  toMatchTraceInlineSnapshot,
} as const;

type Arguments<F> = F extends (received: unknown, ...rest: infer Rest) => unknown ? Rest : never;

/** What `expect(trace)` has more, once the matchers are in. */
export type TraceMatchers<R = void> = {
  [Name in keyof typeof traceMatchers]: (
    ...expected: Arguments<OmitThisParameter<(typeof traceMatchers)[Name]>>
  ) => R;
};
