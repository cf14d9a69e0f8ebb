import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { majorCollections } from '../collections.ts';
import type { PauseStrategy, Strike } from '../strategy.ts';
import { ballast, LINK_BYTES } from './ballast.ts';

type Collect = (options?: { readonly type: 'minor' }) => void;

/** A calibration ends once the median of three collections is this close to the request. */
const TOLERANCE = 0.05;
/** A first collection further off than this is not worth a median. */
const FAR_OFF = 0.2;
const ROUNDS = 6;
/** Start of the calibration. Measured on machines of 2024: 15 to 30 ns. */
const NANO_PER_LINK = 20;
/** No machine is so fast: where a link seems to cost less, something else was measured. */
const LEAST_NANO_PER_LINK = 4;
/** Share of the error of the latest pauses that is taken into the next one's ballast. */
const FEEDBACK = 0.5;
const LARGEST_STEP = 0.15;
/** A ballast that is this close to what is wanted is left as it is. */
const DEAD_BAND = 0.01;
/** Between two slices of a change during a run, for the service's own work. */
const REST_MS = 2;
/** Share of the heap not used by others that the ballast may take. */
const HEAP_SHARE = 0.8;

/**
 * A real stop-the-world collection: V8's Mark-Compact, forced, over a ballast of live objects whose
 * size sets the length. How steady the length is rests on the shape of the ballast, not on V8's
 * flags: switching its parallel marking off for the collection would abort the process whenever
 * marking happens to be under way (V8 13.6).
 *
 * The first `prepare` calibrates by real collections under whatever load there is; from then on
 * each pause corrects the next a little, because the rest of the heap changes. The ballast stays
 * for good, so natural collections meet it too. The record is the clock around the call; beside it
 * `collectionMs` is V8's own figure, as evidence that it was a collection.
 *
 * `prepare` throws a RangeError for a length that this heap can't give: shorter than a collection
 * without any ballast, or longer than the memory allows.
 */
export default function gc(): PauseStrategy {
  const collect = exposedGc();
  const load = ballast(() => collect({ type: 'minor' }));
  /** Length of a collection in milliseconds = floorMs + links · msPerLink. */
  let floorMs = Number.NaN;
  let msPerLink = NANO_PER_LINK / 1e6;
  let calibrated = false;
  /** Of the latest pauses, as a share of the request. */
  const errors: number[] = [];

  function linksFor(durationMs: number): number {
    if (durationMs < floorMs) {
      throw new RangeError(
        `A gc pause of ${durationMs} ms is too short for this heap: collecting it takes ` +
          `${floorMs.toFixed(1)} ms without any ballast. Ask for more, or use block`,
      );
    }
    const links = Math.round((durationMs - floorMs) / msPerLink);
    const { heap_size_limit, used_heap_size } = getHeapStatistics();
    const othersBytes = used_heap_size - load.links * LINK_BYTES;
    const room = HEAP_SHARE * (heap_size_limit - othersBytes);
    if (links * LINK_BYTES > room) {
      throw new RangeError(
        `A gc pause of ${durationMs} ms needs ${megabytes(links * LINK_BYTES)} MB of live objects, ` +
          `the heap has room for ${megabytes(room)} MB. Raise its limit ` +
          `(NODE_OPTIONS=--max-old-space-size=${megabytes(1.5 * links * LINK_BYTES + othersBytes)})` +
          ', ask for less, or use block',
      );
    }
    return links;
  }

  /** Length of one collection, with time after it for the load to catch up. */
  async function measure(signal?: AbortSignal): Promise<number> {
    const before = performance.now();
    collect();
    const ms = performance.now() - before;
    await sleep(20 + ms, undefined, signal && { signal });
    return ms;
  }

  async function three(signal?: AbortSignal): Promise<number[]> {
    return [await measure(signal), await measure(signal), await measure(signal)];
  }

  /** Takes over what a collection of the ballast as it is now tells of a link's cost. */
  function adjust(ms: number): void {
    const slope = (ms - floorMs) / load.links;
    if (slope >= LEAST_NANO_PER_LINK / 1e6) msPerLink = slope;
    else {
      // The floor was measured while the process had no core, and is none.
      msPerLink = NANO_PER_LINK / 1e6;
      floorMs = Math.max(0, ms - load.links * msPerLink);
    }
  }

  async function calibrate(durationMs: number, signal?: AbortSignal): Promise<void> {
    await measure(signal); // Promotes what is young, once.
    // The least of them: whatever else the machine does makes a collection longer.
    floorMs = Math.min(...(await three(signal)));
    for (let round = 0; round < ROUNDS; round++) {
      await load.resize(linksFor(durationMs), 0);
      const firstMs = await measure(signal);
      const farOff = Math.abs(firstMs / durationMs - 1) > FAR_OFF;
      const ms = farOff ? firstMs : median(await three(signal));
      if (Math.abs(ms / durationMs - 1) <= TOLERANCE) return;
      if (load.links > 0) adjust(ms);
    }
    // The machine is too unsteady for better; each pause goes on correcting the next.
  }

  function learn(requestedMs: number, measuredMs: number): void {
    errors.push(measuredMs / requestedMs - 1);
    if (errors.length > 3) errors.shift();
    // One pause that lost its core says nothing about the heap: the median of three leaves it out.
    const step = 1 + Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, FEEDBACK * median(errors)));
    floorMs *= step;
    msPerLink *= step;
  }

  return {
    kind: 'gc',
    async prepare(durationMs, signal) {
      if (!calibrated) {
        await calibrate(durationMs, signal);
        calibrated = true;
        return;
      }
      const links = linksFor(durationMs);
      if (Math.abs(links / load.links - 1) > DEAD_BAND) await load.resize(links, REST_MS);
    },
    // Runs up to its first `await` before it returns: the thread stops in the caller's phase.
    async strike(durationMs): Promise<Strike> {
      if (!calibrated) {
        throw new Error(`There is no ballast for a gc pause: call prepare(${durationMs}) first`);
      }
      const observer = new PerformanceObserver(() => {});
      observer.observe({ entryTypes: ['gc'] });
      const startNano = process.hrtime.bigint();
      collect();
      const endNano = process.hrtime.bigint();
      learn(durationMs, Number(endNano - startNano) / 1e6);
      // V8's entry exists one turn later, and is handed to observers one more turn later.
      await nextTurn();
      const { forced } = majorCollections(observer.takeRecords());
      observer.disconnect();
      return { startNano, endNano, ...(forced.count > 0 && { collectionMs: forced.durationMs }) };
    },
    async stop() {
      await load.resize(0, 0);
      calibrated = false;
    },
  };
}

/** V8's own `gc`, without a command-line flag. */
function exposedGc(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
