import { setTimeout as sleep } from 'node:timers/promises';
import type { Call, Step } from '../../mesh/mesh.ts';
import { randomStream, sampler } from '../../mesh/random.ts';
import type { CallContext, CallResult } from './call.ts';

/** Does a script's steps for one request; resolves with the calls' results in the script's order. */
export type RunScript = (request: CallContext) => Promise<CallResult[]>;

type RunStep = (request: CallContext) => undefined | Promise<readonly CallResult[]>;

/**
 * Makes ready what can be, so that a request costs only its steps. Each `cpu` and `wait` draws from
 * a stream of its own: changing one leaves the others' numbers alone.
 */
export function compileScript(
  steps: readonly Step[],
  streamName: string,
  seed: number,
  prepareCall: (call: Call, index: number) => (request: CallContext) => Promise<CallResult>,
): RunScript {
  let calls = 0;
  let draws = 0;

  function compile(step: Step): RunStep {
    if ('cpu' in step) {
      const draw = sampler(step.cpu, randomStream(seed, `${streamName}/${draws++}`));
      return () => busy(draw());
    }
    if ('wait' in step) {
      const draw = sampler(step.wait, randomStream(seed, `${streamName}/${draws++}`));
      return () => wait(draw());
    }
    if ('call' in step) {
      const call = prepareCall(step.call, calls++);
      return async (request) => [await call(request)];
    }
    const branches = step.parallel.map(compile);
    return async (request) => {
      // All are waited for, so that no work goes on after the answer has gone out.
      const ends = await Promise.allSettled(branches.map((branch) => branch(request)));
      return ends.flatMap((end) => {
        if (end.status === 'rejected') throw end.reason;
        return end.value ?? [];
      });
    };
  }

  const sequence = steps.map(compile);
  return async (request) => {
    const results: CallResult[] = [];
    for (const run of sequence) {
      const running = run(request);
      if (running !== undefined) results.push(...(await running));
    }
    return results;
  };
}

/** Longest step between two looks at the clock, in milliseconds, that still counts as our own. */
const ownStepMs = 0.1;

/**
 * Keeps the thread busy for `ms` of its own time: what passes while the thread is stopped or without
 * a core is no work done, and so is not counted.
 */
function busy(ms: number): undefined {
  let left = ms;
  let before = performance.now();
  while (left > 0) {
    const now = performance.now();
    const step = now - before;
    if (step < ownStepMs) left -= step;
    before = now;
  }
}

/** Timers fire up to a millisecond early and know whole milliseconds only: rounding up evens out. */
function wait(ms: number): undefined | Promise<CallResult[]> {
  return ms > 0 ? sleep(Math.ceil(ms), []) : undefined;
}
