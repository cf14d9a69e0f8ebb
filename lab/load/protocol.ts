import type { Load } from '../../mesh/mesh.ts';
import type { SpanAccount } from '../../services/kit/protocol.ts';
import type { PhaseName } from '../run.ts';
import type { LoadSnapshot } from './generator.ts';

/** `steady`: load that no experiment is about. */
export type LoadPhase = PhaseName | 'steady';

/** What the lab asks of the load generator's process, over IPC. SIGTERM: flush, report, exit 0. */
export type LoadOrder =
  | {
      readonly type: 'play';
      readonly phase: LoadPhase;
      readonly load: Load;
      /** Address of the entry, without a path. */
      readonly origin: string;
      /** Path with `{id}` for the id of a user. */
      readonly route: string;
      /** null: until it is halted. */
      readonly durationMs: number | null;
      /** Given: every snapshot tells of the last lap of this length, the final one of what is left. */
      readonly lapMs?: number;
      readonly seed: number;
      /** Streams of the seed that arrivals and user ids are drawn from: same name, same load. */
      readonly stream: string;
    }
  /** Send nothing more; `played` follows once the open requests have ended. */
  | { readonly type: 'halt' }
  /** Say `spans` now. */
  | { readonly type: 'spans' };

/** What the generator's process tells the lab. */
export type LoadMessage =
  | { readonly type: 'ready' }
  /** The first intended time of the phase. */
  | { readonly type: 'playing'; readonly startUnixMs: number }
  | { readonly type: 'progress'; readonly snapshot: LoadSnapshot }
  | {
      readonly type: 'played';
      /** When the last intended time of the schedule had passed, or the halt came. */
      readonly endUnixMs: number;
      readonly snapshot: LoadSnapshot;
      /** User and system time that the process spent in the phase. */
      readonly cpuMs: number;
      readonly spans: SpanAccount;
    }
  | { readonly type: 'spans'; readonly spans: SpanAccount }
  | { readonly type: 'stopped'; readonly spans: SpanAccount };
