import { hasFailed } from '../../traces/failure.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Trace } from '../../traces/trace.ts';
import { UsageError } from '../commands/usageError.ts';
import { pauseOf } from './listTraces.ts';
import type { Holding } from './traceStore.ts';

/** Said in help and in messages. */
export const choices =
  'paused, unpaused, failed, ok, a trace id or its beginning, or KEY=VALUE (an attribute, or service)';

/**
 * Those of the traces that `#…` names, but for an id.
 * @throws {UsageError} if it names nothing.
 */
export function chooseTraces(holding: Holding, choice: string): readonly Trace[] {
  const { traces, pauses } = holding;
  const isPaused = (trace: Trace) => pauseOf(trace, pauses) !== null;
  const isFailed = (trace: Trace) => trace.spans.some(hasFailed);
  switch (choice) {
    case '':
      return traces;
    case 'paused':
      return traces.filter(isPaused);
    case 'unpaused':
      return traces.filter((trace) => !isPaused(trace));
    case 'failed':
      return traces.filter(isFailed);
    case 'ok':
      return traces.filter((trace) => !isFailed(trace));
  }
  const [, key, value] = /^([^=]+)=(.*)$/.exec(choice) ?? [];
  if (key === 'service') {
    return traces.filter(({ spans }) => spans.some((span) => serviceOf(span) === value));
  }
  if (key !== undefined) {
    return traces.filter(({ spans }) =>
      spans.some(({ attributes }) => key in attributes && String(attributes[key]) === value),
    );
  }
  throw new UsageError(`#${choice} names no traces; after # can stand: ${choices}`);
}
