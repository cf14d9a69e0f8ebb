/** A length of time in milliseconds; fractions allowed. Written `120ms`, `1.5s`, `2m` in a file. */
export type Milliseconds = number;

/** How long something takes: fixed, or drawn anew each time from a seeded stream. */
export type Distribution =
  | { readonly type: 'constant'; readonly value: Milliseconds }
  | { readonly type: 'lognormal'; readonly median: Milliseconds; readonly sigma: number }
  | { readonly type: 'exponential'; readonly mean: Milliseconds };

/** Waiting between attempts: `base · factor^(attempt−1)`, then ± `jitter` (a share of it, 0 to 1). */
export interface Backoff {
  readonly base: Milliseconds;
  readonly factor: number;
  readonly jitter: number;
}

/** One outgoing call. */
export interface Call {
  /** Name of the called service. */
  readonly to: string;
  /** Time that one attempt may take, from sending to the last byte. */
  readonly timeout: Milliseconds;
  /** Attempts after the first. 0: none. */
  readonly retries: number;
  readonly backoff: Backoff;
  /** Time for all attempts together, passed on to the callee; null: only the caller's own deadline. */
  readonly deadline: Milliseconds | null;
  /** Take an answer that the caller finds at its socket in the turn after its time-out. */
  readonly recheck: boolean;
}

/** What a service does for a request, in order. */
export type Step =
  /** The loop is busy. */
  | { readonly cpu: Distribution }
  /** The loop is free. */
  | { readonly wait: Distribution }
  | { readonly call: Call }
  | { readonly parallel: readonly Step[] };

export type Program = 'gateway' | 'auth' | 'user' | 'relay';

export interface Service {
  /** Which program of `services/` runs; by default the one of the service's own name, else `relay`. */
  readonly program: Program;
  /** 0: any free port. */
  readonly port: number;
  /** Requests worked on at once; null: no limit. */
  readonly concurrency: number | null;
  /** Requests that may wait for their turn before the next is refused with 503; null: no limit. */
  readonly queue: number | null;
  readonly script: readonly Step[];
}

export type Phase = 'poll' | 'check' | 'timers';

export interface Pause {
  readonly service: string;
  /** `gc`, `block`, `freeze`, `delay`, or a path to a module whose default export is a strategy. */
  readonly kind: string;
  readonly duration: Distribution;
  /** Time from one pause's start to the next one's; null when `once` is given. */
  readonly every:
    | { readonly type: 'fixed'; readonly value: Milliseconds }
    | { readonly type: 'poisson'; readonly mean: Milliseconds }
    | null;
  /** A single pause, this long after the pauses begin; null when `every` is given. */
  readonly once: Milliseconds | null;
  readonly phase: Phase;
}

export interface Load {
  /** Intended requests a second. */
  readonly rate: number;
  readonly arrivals: 'constant' | 'poisson';
  /** Time that the client waits for an answer. */
  readonly timeout: Milliseconds;
  /** Requests that may be open at once; an intended request beyond it is dropped and counted. */
  readonly maxInFlight: number;
}

/** Lengths of the experiment's parts. */
export interface Durations {
  readonly warmup: Milliseconds;
  readonly baseline: Milliseconds;
  readonly pauses: Milliseconds;
}

/** A mesh file, validated and with every default filled in. Services are in the order of the file. */
export interface Mesh {
  readonly version: 1;
  readonly name: string;
  readonly description: string;
  /** All chance in a run comes from this number. 32-bit unsigned. */
  readonly seed: number;
  /** The service that the client calls. */
  readonly entry: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly pauses: readonly Pause[];
  readonly load: Load;
  readonly durations: Durations;
}
