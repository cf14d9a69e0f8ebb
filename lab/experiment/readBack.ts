import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mesh } from '../../mesh/mesh.ts';
import type { DetectedKind } from '../../pauses/detector/detectedPause.ts';
import type { SpanAccount } from '../../services/kit/protocol.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import type { JaegerSource, TraceSearch } from '../../traces/source/jaeger.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
import type { Span } from '../../traces/span.ts';

export interface ReadBackOptions {
  readonly source: JaegerSource;
  readonly mesh: Pick<Mesh, 'pauses'> & { readonly services: Readonly<Record<string, unknown>> };
  /** Whether services tell of every pause that they see, made on demand or not. */
  readonly attribution: boolean;
  /** `service.instance.id` by process: spans of others are of no concern. */
  readonly instanceIds: ReadonlyMap<string, string>;
  /** What each process says became of its spans; null where it has not said. */
  readonly accounts: Readonly<Record<string, SpanAccount | null>>;
  /** Start of the run. */
  readonly startUnixMs: number;
  /** `traces.ndjson` to write: a line a trace, or what of it came later. */
  readonly file: string;
  /** How long to wait, after the last span that came, for one that was acknowledged. */
  readonly patienceMs: number;
}

export interface ReadBack {
  /** Spans of the run that were found, each once, by process. */
  readonly storedByService: Record<string, number>;
  /** What is missing and where it may be, as a sentence; null: nothing is. */
  readonly missing: string | null;
}

/** A pause that nobody made on demand is named after one of these. */
const detectedKinds: readonly DetectedKind[] = [
  'gc',
  'block',
  'freeze',
  'throttled',
  'starved',
  'unknown',
];

const pollEveryMs = 500;
/** Clocks of one machine, and requests that were being prepared. */
const marginMs = 1000;
/** Where spans come late, it is the newest. */
const tailMs = 20_000;
/** A collector's batch and the store take no longer when all is well. */
const briefMs = 2000;

/**
 * Reads the traces of a run back from where the collector has put them, and waits until all that
 * it has acknowledged are there. What cannot be had is told, not thrown.
 * @throws the system's error if the file cannot be written.
 */
export async function readBack(options: ReadBackOptions): Promise<ReadBack> {
  const file = await open(options.file, 'w');
  try {
    return await new Reading(options, file).read();
  } finally {
    await file.close();
  }
}

class Reading {
  readonly #options: ReadBackOptions;
  readonly #file: FileHandle;
  readonly #processes: ReadonlyMap<string, string>;
  readonly #written = new Map<string, Set<string>>();
  readonly #stored: Record<string, number> = {};
  /** Whether others' spans came, from a search for this run's. */
  #foreign = false;
  #trouble: SourceError | null = null;

  constructor(options: ReadBackOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.#processes = new Map([...options.instanceIds].map(([name, id]) => [id, name]));
    for (const name of options.instanceIds.keys()) this.#stored[name] = 0;
  }

  async read(): Promise<ReadBack> {
    const { startUnixMs, patienceMs } = this.#options;
    const wholeRun = { startUnixNano: nano(startUnixMs - marginMs), endUnixNano: inAWhile() };
    // The load's root spans lead to everything but the pauses, which are traces of their own.
    const pauses = this.#pauses().map((pause) => ({ ...pause, ...wholeRun }));
    await this.#tryAll([{ service: 'load', ...wholeRun }, ...pauses], patienceMs);

    const tail = { startUnixNano: nano(Date.now() - tailMs) };
    const newest = () =>
      this.#incomplete().map((service) => ({ service, ...tail, endUnixNano: inAWhile() }));
    const all = () => this.#incomplete().map((service) => ({ service, ...wholeRun }));
    // What is still missing is on its way; or it is below no root span of the load, as of a request
    // by hand; or both, after something on the way was down.
    await this.#tryAll(newest, Math.min(briefMs, patienceMs));
    await this.#tryAll(all(), 0);
    await this.#tryAll(newest, patienceMs);
    await this.#tryAll(all(), 0);
    return { storedByService: this.#stored, missing: this.#missing() };
  }

  /** Which spans of pauses there may be, each once. */
  #pauses(): { service: string; operation: string }[] {
    const { mesh, attribution } = this.#options;
    const kinds = new Map<string, Set<string>>();
    for (const service of Object.keys(mesh.services)) {
      kinds.set(service, new Set(attribution ? detectedKinds : []));
    }
    for (const { service, kind } of mesh.pauses) kinds.get(service)?.add(kind);
    return [...kinds].flatMap(([service, ofService]) =>
      [...ofService].map((kind) => ({ service, operation: `pause ${kind}` })),
    );
  }

  /**
   * Makes the searches, those that fail again, until all have worked; or, if they are a function,
   * until it gives none. Ends when nothing new has come for `patienceMs`.
   */
  async #tryAll(
    searches: readonly TraceSearch[] | (() => readonly TraceSearch[]),
    patienceMs: number,
  ): Promise<void> {
    let left = typeof searches === 'function' ? searches() : searches;
    let progressMs = performance.now();
    while (left.length > 0) {
      const failed: TraceSearch[] = [];
      this.#trouble = null;
      for (const search of left) {
        try {
          if ((await this.#search(search)) > 0) progressMs = performance.now();
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
          this.#trouble = error;
          failed.push(search);
        }
      }
      left = typeof searches === 'function' ? searches() : failed;
      if (left.length === 0 || performance.now() - progressMs > patienceMs) return;
      await sleep(pollEveryMs);
    }
  }

  /** @returns how many spans of this run it found that were not there before. */
  async #search(search: TraceSearch): Promise<number> {
    let fresh = 0;
    for await (const spans of this.#options.source.searchTraces(search)) {
      if (spans.some((span) => this.#processOf(span) !== undefined)) {
        fresh += await this.#write(spans);
      } else if (!this.#written.has(spans[0]?.traceId ?? '')) this.#foreign = true;
    }
    return fresh;
  }

  async #write(spans: readonly Span[]): Promise<number> {
    const traceId = spans[0]?.traceId ?? '';
    const written = this.#written.get(traceId) ?? new Set();
    this.#written.set(traceId, written);
    const fresh = spans.filter(({ spanId }) => !written.has(spanId));
    if (fresh.length === 0) return 0;
    for (const span of fresh) {
      written.add(span.spanId);
      const name = this.#processOf(span);
      if (name !== undefined) this.#stored[name] = (this.#stored[name] ?? 0) + 1;
    }
    await this.#file.write(`${JSON.stringify(encodeOtlpJson(fresh))}\n`);
    return fresh.length;
  }

  #processOf({ resource }: Span): string | undefined {
    return this.#processes.get(String(resource.attributes['service.instance.id']));
  }

  /** Processes of which fewer spans were found than the collector has acknowledged. */
  #incomplete(): string[] {
    return Object.keys(this.#stored).filter((name) => this.#lacking(name) > 0);
  }

  #lacking(name: string): number {
    return (this.#options.accounts[name]?.exported ?? 0) - (this.#stored[name] ?? 0);
  }

  #missing(): string | null {
    const lacking = this.#incomplete();
    if (lacking.length === 0) return null;
    const count = lacking.reduce((sum, name) => sum + this.#lacking(name), 0);
    const who = lacking.map((name) => `${name} ${this.#lacking(name)}`).join(', ');
    const found = Object.values(this.#stored).reduce((sum, stored) => sum + stored, 0);
    const why =
      this.#trouble !== null
        ? this.#trouble.message
        : found === 0 && this.#foreign
          ? 'there are spans of these services, but none with the service.instance.id of this run: ' +
            'the collector must not remove it'
          : 'sampled or dropped by the collector, not stored yet, or evicted from the store ' +
            '(max_traces)';
    return `${count} spans that the collector acknowledged cannot be read back (${who}): ${why}`;
  }
}

function nano(unixMs: number): bigint {
  return BigInt(Math.round(unixMs * 1e6));
}

/** A time after everything that has begun by now. */
function inAWhile(): bigint {
  return nano(Date.now() + marginMs);
}
