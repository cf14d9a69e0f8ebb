import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up, for the whole process, for a collector's kind of garbage: nearly all of it dies
 * young. V8 begins to mark when the heap comes within the young generation's size of its limit,
 * and a heap as small as ours (spans lie outside it) is always there: a quarter of all CPU time
 * went into collections that found nothing. Without incremental marking it waits for the limit.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--no-incremental-marking');
}
