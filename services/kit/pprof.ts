import type { Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import {
  Line,
  Location,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';

/** V8 puts the loop's own waiting into its profiles; nobody looks for it in a profile of work. */
const idle = '(idle)';

/**
 * V8's CPU profile in the format of pprof (`profile.proto`), not yet compressed. Two values a
 * stack: samples, and wall-clock nanoseconds from each sample to the next. Time in which the loop
 * waited is left out; time in which the thread was stopped is in, at the stack where it stopped.
 * Collections are the frame `(garbage collector)` on top of whoever allocated, native code is
 * `(program)`.
 *
 * Samples have no labels: V8's profiler cannot say for which span a sample was taken.
 */
export function toPprof(
  { nodes, samples = [], timeDeltas = [], startTime, endTime }: Profiler.Profile,
  startUnixNano: bigint,
  intervalMicros: number,
): Uint8Array {
  const stringTable = new StringTable();
  const text = (value: string) => stringTable.dedup(value);
  const functions = new Map<string, PprofFunction>();
  const locations = new Map<string, Location>();

  function locationOf({ callFrame }: Profiler.ProfileNode): number {
    const { functionName, url, lineNumber, columnNumber } = callFrame;
    const key = `${functionName}\n${url}\n${lineNumber}\n${columnNumber}`;
    const known = locations.get(key);
    if (known) return Number(known.id);
    // Identifiers count from 1; V8's lines from 0.
    const id = locations.size + 1;
    const line = Math.max(0, lineNumber + 1);
    const name = text(functionName || '(anonymous)');
    const filename = text(url.startsWith('file:') ? fileURLToPath(url) : url);
    functions.set(
      key,
      new PprofFunction({ id, name, systemName: name, filename, startLine: line }),
    );
    locations.set(key, new Location({ id, line: [new Line({ functionId: id, line })] }));
    return id;
  }

  const parents = new Map<number, number>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);

  /** From the leaf; V8's root is no frame. */
  function stackOf(leaf: number): number[] {
    const stack: number[] = [];
    for (let id = leaf; parents.has(id); id = parents.get(id) as number) {
      const node = byId.get(id);
      if (node) stack.push(locationOf(node));
    }
    return stack;
  }

  const totals = new Map<number, { count: number; micros: number }>();
  let atMicros = startTime;
  samples.forEach((leaf, index) => {
    atMicros += timeDeltas[index] ?? 0;
    const nextMicros =
      index + 1 < samples.length ? (timeDeltas[index + 1] ?? 0) : endTime - atMicros;
    const total = totals.get(leaf) ?? { count: 0, micros: 0 };
    total.count++;
    // V8 now and then gives samples out of order: a negative difference.
    total.micros += Math.max(0, nextMicros);
    totals.set(leaf, total);
  });

  const sample = [...totals]
    .filter(([leaf]) => byId.get(leaf)?.callFrame.functionName !== idle)
    .map(
      ([leaf, { count, micros }]) =>
        new Sample({ locationId: stackOf(leaf), value: [count, micros * 1000] }),
    );
  const nanoseconds = text('nanoseconds');
  const wall = new ValueType({ type: text('wall'), unit: nanoseconds });
  return new Profile({
    sampleType: [new ValueType({ type: text('samples'), unit: text('count') }), wall],
    sample,
    location: [...locations.values()],
    function: [...functions.values()],
    stringTable,
    timeNanos: startUnixNano,
    durationNanos: (endTime - startTime) * 1000,
    periodType: wall,
    period: intervalMicros * 1000,
    defaultSampleType: text('wall'),
  }).encode();
}
