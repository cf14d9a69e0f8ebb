import type { Trace } from '../../traces/trace.ts';
import { UsageError } from '../commands/usageError.ts';
import type { Holding, TraceStore } from './traceStore.ts';

const idDigits = 32;
const mostShown = 5;

/** Whether a text is a trace id, or can be the beginning of one. */
export function isIdLike(text: string): boolean {
  return /^[0-9a-f]{1,32}$/i.test(text);
}

/**
 * The one trace whose id is so, or begins so.
 * @throws {UsageError} for the beginning of an id where the source finds whole ones only; {Error}
 *   where there is no such trace, or several; {SourceError} if the source cannot be read.
 */
export async function findTrace(
  store: TraceStore,
  id: string,
): Promise<{ readonly trace: Trace; readonly holding: Holding }> {
  const isFile = store.code.kind === 'file';
  if (!isFile && id.length < idDigits) {
    throw new UsageError(
      `${store.name} finds a trace by all ${idDigits} digits of its id only; ${id} has ${id.length}`,
    );
  }
  const holding = await store.find(id);
  const { traces } = holding;
  const [trace] = traces;
  if (trace === undefined) {
    throw new Error(
      `${store.name} has no trace ${id}${isFile ? '' : ', or not yet'}; ` +
        '`trace` without an id lists what it has',
    );
  }
  if (traces.length > 1) {
    const ids = traces.slice(0, mostShown).map(({ traceId }) => traceId);
    const more = traces.length > mostShown ? ', …' : '';
    throw new Error(
      `${traces.length} traces begin with ${id}: ${ids.join(', ')}${more}; give more digits`,
    );
  }
  return { trace, holding };
}
