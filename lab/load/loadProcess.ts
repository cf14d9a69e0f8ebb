import type { SpanAccount } from '../../services/kit/protocol.ts';
import { Child } from '../launch/child.ts';
import type { ManagedProcess } from '../launch/managedProcess.ts';
import { programFile } from '../launch/programFile.ts';
import type { LoadSnapshot } from './generator.ts';
import type { LoadMessage, LoadOrder } from './protocol.ts';

type PlayOrder = Extract<LoadOrder, { type: 'play' }>;

/** A phase of load as it went. */
export interface PlayedLoad {
  readonly startUnixMs: number;
  readonly endUnixMs: number;
  readonly snapshot: LoadSnapshot;
  /** CPU time of the generator; null if it ended before it could say. */
  readonly cpuMs: number | null;
}

const nothing: LoadSnapshot = {
  intended: 0,
  sent: 0,
  dropped: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  lateMs: { p50: 0, p99: 0, max: 0 },
  latencyMs: { p50: 0, p99: 0, max: 0 },
  errors: {},
};

/** The load generator's process, as its parent sees it. */
export class LoadProcess {
  readonly child: Child<LoadMessage>;
  #spans: SpanAccount | null = null;

  private constructor(child: Child<LoadMessage>) {
    this.child = child;
    child.onMessage((message) => {
      if ('spans' in message) this.#spans = message.spans;
    });
  }

  /** @throws {Error} if it ends or is not ready in time. */
  static async launch(options: {
    /** File that gets its output; by default this process's standard error gets it. */
    readonly logFile?: string;
    readonly env: Readonly<Record<string, string>>;
    readonly readyTimeoutMs: number;
    readonly onChild: (child: ManagedProcess) => void;
  }): Promise<LoadProcess> {
    const child = new Child<LoadMessage>({
      name: 'load',
      path: programFile('lab/load/main'),
      env: options.env,
      ...(options.logFile !== undefined && { logFile: options.logFile }),
    });
    options.onChild(child);
    const load = new LoadProcess(child);
    await child.message('`ready`', options.readyTimeoutMs, (message) =>
      message.type === 'ready' ? true : undefined,
    );
    return load;
  }

  /**
   * The newest account of its spans, the final one after a clean stop. null from the beginning of a
   * phase until it has been told anew: what it sends meanwhile is in no account.
   */
  get spans(): SpanAccount | null {
    return this.#spans;
  }

  /**
   * Plays a phase; `onProgress` is told of it as a whole so far, or by laps as ordered. When `halt` aborts, nothing more is sent and what is open is waited for. If the
   * process ends meanwhile, resolves with what it had last told.
   */
  async play(
    order: PlayOrder,
    halt: AbortSignal,
    onProgress: (snapshot: LoadSnapshot) => void,
  ): Promise<PlayedLoad> {
    let startUnixMs = Date.now();
    let snapshot = nothing;
    this.#spans = null;
    const { promise, resolve } = Promise.withResolvers<PlayedLoad>();
    const off = this.child.onMessage((message) => {
      if (message.type === 'playing') startUnixMs = message.startUnixMs;
      if (message.type === 'progress') {
        snapshot = message.snapshot;
        onProgress(snapshot);
      }
      if (message.type === 'played') resolve({ ...message, startUnixMs });
    });
    const sendHalt = () => this.child.send({ type: 'halt' } satisfies LoadOrder);
    halt.addEventListener('abort', sendHalt);
    this.child.exited.then(() =>
      resolve({ startUnixMs, endUnixMs: Date.now(), snapshot, cpuMs: null }),
    );
    this.child.send(order);
    if (halt.aborted) sendHalt();
    try {
      return await promise;
    } finally {
      off();
      halt.removeEventListener('abort', sendHalt);
    }
  }

  /** Asks for the present account of its spans; null if it does not answer within `timeoutMs`. */
  async askSpans(timeoutMs: number): Promise<SpanAccount | null> {
    this.child.send({ type: 'spans' } satisfies LoadOrder);
    return this.child
      .message('`spans`', timeoutMs, (message) =>
        message.type === 'spans' ? message.spans : undefined,
      )
      .catch(() => null);
  }
}
