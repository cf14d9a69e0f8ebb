import type {} from 'vitest';
import type { TraceMatchers } from './matchers.ts';

export { type TestSource, testOf } from '../asTest/testOf.ts';
export { type TraceMatchers, traceMatchers } from './matchers.ts';
export type { SpanTreePattern } from './toHaveSpanTree.ts';

declare module 'vitest' {
  // The parameters must be those that vitest declares.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown>
    extends TraceMatchers<R> {}
}
