import fc from 'fast-check';
import { inject } from 'vitest';

// A run must be the same each time, and what kills a mutant need not be made small.
fc.configureGlobal({ seed: 1, endOnFailure: true });

await import('../traces/semconv.test.ts');
await import('../traces/traceSnapshot.test.ts');
await import('../traces/matchers.test.ts');
await import('../traces/spanTree.test.ts');
await import('../traces/assignment.test.ts');
await import('../traces/concurrency.test.ts');
await import('../traces/criticalPath.test.ts');
await import('../traces/duplicates.test.ts');
await import('../traces/failure.test.ts');
await import('../traces/interval.test.ts');
await import('../traces/pauseEvidence.test.ts');
await import('../traces/selfTime.test.ts');
await import('../traces/service.test.ts');
await import('../traces/traceparent.test.ts');
await import('../traces/tree.test.ts');
await import('../traces/waterfall.test.ts');
await import('../traces/trace.test.ts');
// Loads a collector and the SDK, seconds each time; what it tests has nothing at a module's top level.
if (inject('staticMutant') === '') await import('../traces/settle.test.ts');
