import type { Mesh } from '../mesh/mesh.ts';
import type { ServiceStats, SpanAccount } from '../services/kit/protocol.ts';

export type PhaseName = 'warmup' | 'baseline' | 'pauses';

export interface RunPhase {
  readonly name: PhaseName;
  readonly startUnixMs: number;
  readonly endUnixMs: number;
  readonly load: LoadAccount;
  /** By service: the difference of its stats over the phase; null if it could not be asked. */
  readonly services: Readonly<Record<string, ServiceUsage | null>>;
}

/** `intended = sent + dropped` when the phase was played to its end. */
export interface LoadAccount {
  readonly intended: number;
  readonly sent: number;
  /** Not sent, because `maxInFlight` requests were open. */
  readonly dropped: number;
  /** How late requests were sent against their intended time. */
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** User and system time of the generator; null if it could not say. */
  readonly cpuMs?: number | null;
}

export interface ServiceUsage {
  /** Between the two moments at which the service counted, by its own clock. */
  readonly lengthMs: number;
  readonly requests: number;
  readonly cpuMs: number;
  readonly runDelayMs: number | null;
  readonly naturalCollections: { readonly count: number; readonly durationMs: number };
  readonly forcedCollections: { readonly count: number; readonly durationMs: number };
}

/** What happened, with all that is needed to compute the analysis again from `traces.ndjson`. */
export interface Run {
  readonly startedAt: string;
  readonly mesh: Mesh;
  readonly machine: {
    readonly cpuModel: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly platform: string;
    readonly node: string;
  };
  readonly phases: readonly RunPhase[];
  /** By service, and `load` for the generator: null for one that ended without a last word. */
  readonly spans: Readonly<Record<string, SpanAccount | null>>;
  readonly final: Readonly<Record<string, ServiceStats | null>>;
  readonly collector: {
    /** Accepted, by `service.name`. */
    readonly acceptedByService: Readonly<Record<string, number>>;
    readonly rejected: number;
    readonly evicted: number;
  } | null;
  /** The stack that stood in for the embedded collector; absent where there was none. */
  readonly outside?: {
    readonly collectorUrl: string;
    readonly queryUrl: string;
    /** Spans of this run that the query API answered with, each once, by process. */
    readonly storedByService: Readonly<Record<string, number>>;
  };
  /** What went wrong, as sentences; empty for a good run. */
  readonly failures: readonly string[];
  /** What is to be borne in mind when reading the figures, as sentences. */
  readonly warnings?: readonly string[];
}
