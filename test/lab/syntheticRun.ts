import type { PhaseName, Run, RunPhase, ServiceUsage } from '../../lab/run.ts';
import type { Call, Mesh, Service } from '../../mesh/mesh.ts';
import { type Random, randomStream } from '../../mesh/random.ts';
import type { Attributes, Span, SpanKind } from '../../traces/span.ts';

/** A chain gateway → auth → user of which user is one FIFO server that stops now and then. */
export interface SyntheticOptions {
  readonly seed?: number;
  readonly ratePerSecond?: number;
  /** Work of user per request; the other two only add a millisecond. */
  readonly serviceMs?: number;
  /** One way between two services. */
  readonly networkMs?: number;
  readonly baselineMs?: number;
  readonly pausesMs?: number;
  readonly pauseMs?: number;
  /** A pause in the middle of each such stretch of the pause phase. */
  readonly everyMs?: number;
  /** Instead: starts of the pauses, in ms since the phase with pauses began. */
  readonly pauseStartsMs?: readonly number[];
  readonly kind?: string;
  /** Instead of Poisson arrivals: intended times since the phase began, in each measured phase. */
  readonly arrivalsMs?: Readonly<Partial<Record<PhaseName, readonly number[]>>>;
  /** auth's wait for user; a request that takes longer fails at that time. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** user has this many slots instead of a thread of its own. */
  readonly concurrency?: number;
  readonly dropped?: number;
  readonly meshName?: string;
}

export interface SyntheticRun {
  readonly run: Run;
  readonly spans: readonly Span[];
  /** By pause: from its end until the server was first idle. */
  readonly drainMs: readonly number[];
}

export const startUnixMs = Date.UTC(2026, 0, 2, 3, 4, 5);

export function syntheticRun(options: SyntheticOptions = {}): SyntheticRun {
  const {
    seed = 1,
    ratePerSecond = 100,
    serviceMs = 1.5,
    baselineMs = 12_000,
    pausesMs = 36_000,
    pauseMs = 120,
    everyMs = 3000,
    kind = 'block',
  } = options;
  const random = randomStream(seed, 'arrivals');
  const starts =
    options.pauseStartsMs ??
    Array.from({ length: Math.floor(pausesMs / everyMs) }, (_, i) => (i + 0.5) * everyMs);
  const pauses = starts.map((atMs) => ({
    startMs: baselineMs + atMs,
    endMs: baselineMs + atMs + pauseMs,
  }));
  const arrivals = (phase: PhaseName, lengthMs: number) =>
    options.arrivalsMs?.[phase] ?? poisson(random, ratePerSecond, lengthMs);
  const requests = [
    ...arrivals('baseline', baselineMs).map((ms) => ({ phase: 'baseline' as const, ms })),
    ...arrivals('pauses', pausesMs).map((ms) => ({
      phase: 'pauses' as const,
      ms: baselineMs + ms,
    })),
  ];
  const lastMs = baselineMs + pausesMs;
  const server = fifoServer(kind === 'delay' ? [] : pauses, serviceMs);
  const writer = spanWriter();
  for (const { phase, ms } of requests) writeRequest(writer, server, options, phase, ms);
  for (let i = 0; i < (options.dropped ?? 0); i++) {
    writer.write('', 'load', 'GET', 'client', lastMs, lastMs, {
      'aftershock.load.phase': 'pauses',
      'error.type': 'dropped',
    });
  }
  pauses.forEach((pause, index) => {
    writer.write('', 'user', `pause ${kind}`, 'internal', pause.startMs, pause.endMs, {
      'aftershock.pause.kind': kind,
      'aftershock.pause.phase': 'poll',
      'aftershock.pause.sequence': index + 1,
      'aftershock.pause.requested_ms': pauseMs - 0.4,
      'aftershock.pause.measured_ms': pauseMs,
    });
  });
  const counts = {
    baseline: requests.filter(({ phase }) => phase === 'baseline').length,
    pauses: requests.filter(({ phase }) => phase === 'pauses').length,
  };
  return {
    run: runOf(options, counts, { serviceMs, baselineMs, pausesMs }, writer.spans),
    spans: writer.spans,
    drainMs: pauses.map(({ endMs }) => server.idleAfter(endMs) - endMs),
  };
}

function poisson(random: Random, ratePerSecond: number, lengthMs: number): number[] {
  const times: number[] = [];
  for (let ms = 0; ; ) {
    ms += (-Math.log(1 - random()) * 1000) / ratePerSecond;
    if (ms >= lengthMs) return times;
    times.push(ms);
  }
}

/** First in, first out; work stands still during a pause and goes on after it. `pauses` ascend. */
export function fifoServer(
  pauses: readonly { readonly startMs: number; readonly endMs: number }[],
  serviceMs: number,
) {
  const busy: { beginMs: number; endMs: number }[] = [];
  let freeMs = Number.NEGATIVE_INFINITY;
  let next = 0;
  let asked = 0;
  return {
    /** `arrivedMs` must not go down from call to call. */
    serve(arrivedMs: number): { beginMs: number; endMs: number } {
      let beginMs = Math.max(arrivedMs, freeMs);
      let pause = pauses[next];
      for (; pause && pause.endMs <= beginMs; pause = pauses[next]) next++;
      if (pause && pause.startMs <= beginMs) {
        beginMs = pause.endMs;
        pause = pauses[++next];
      }
      let endMs = beginMs + serviceMs;
      for (; pause && pause.startMs < endMs; pause = pauses[++next]) {
        endMs += pause.endMs - pause.startMs;
      }
      freeMs = endMs;
      busy.push({ beginMs, endMs });
      return { beginMs, endMs };
    },
    /** End of the work without a gap that goes on at `ms`; to be asked with ascending times. */
    idleAfter(ms: number): number {
      let idleMs = ms;
      for (; ; asked++) {
        const work = busy[asked];
        if (!work || work.beginMs > idleMs) return idleMs;
        if (work.endMs > idleMs) idleMs = work.endMs;
      }
    },
  };
}

type SpanWriter = ReturnType<typeof spanWriter>;

function spanWriter() {
  const spans: Span[] = [];
  const nano = (ms: number) => BigInt(startUnixMs) * 1_000_000n + BigInt(Math.round(ms * 1e6));
  let traces = 0;
  return {
    spans,
    write(
      parentSpanId: string,
      service: string,
      name: string,
      kind: SpanKind,
      startMs: number,
      endMs: number,
      attributes: Attributes = {},
    ): string {
      if (parentSpanId === '') traces++;
      const spanId = (spans.length + 1).toString(16).padStart(16, '0');
      spans.push({
        traceId: traces.toString(16).padStart(32, '0'),
        spanId,
        parentSpanId,
        name,
        kind,
        startUnixNano: nano(startMs),
        endUnixNano: nano(endMs),
        attributes,
        events: [],
        links: [],
        status: { code: 'error.type' in attributes ? 'error' : 'unset', message: '' },
        traceState: '',
        flags: 1,
        resource: { attributes: { 'service.name': service } },
        scope: { name: 'synthetic', version: '' },
      });
      return spanId;
    },
  };
}

/**
 * Spans are written from the outside in with their final times: all of a request's times are known
 * before the first of its spans is written.
 */
function writeRequest(
  writer: SpanWriter,
  server: ReturnType<typeof fifoServer>,
  options: SyntheticOptions,
  phase: PhaseName,
  intendedMs: number,
): void {
  const { networkMs = 0.3, timeoutMs = Number.POSITIVE_INFINITY, retries = 0 } = options;
  const gatewayMs = intendedMs + networkMs;
  const authMs = gatewayMs + 0.5 + networkMs;
  const attempts: {
    sentMs: number;
    beginMs: number;
    endMs: number;
    doneMs: number;
    ok: boolean;
  }[] = [];
  for (let sentMs = authMs + 0.5; ; ) {
    const { beginMs, endMs } = server.serve(sentMs + networkMs);
    const ok = endMs + networkMs <= sentMs + timeoutMs;
    const doneMs = ok ? endMs + networkMs : sentMs + timeoutMs;
    attempts.push({ sentMs, beginMs, endMs, doneMs, ok });
    if (ok || attempts.length > retries) break;
    sentMs = doneMs;
  }
  const last = attempts.at(-1);
  if (!last) return;
  const status = (ok: boolean): Attributes =>
    ok
      ? { 'http.response.status_code': 200 }
      : { 'http.response.status_code': 504, 'error.type': '504' };
  const authEndMs = last.doneMs + 0.5;
  const gatewayEndMs = authEndMs + networkMs + 0.5;
  const root = writer.write('', 'load', 'GET', 'client', intendedMs, gatewayEndMs + networkMs, {
    ...status(last.ok),
    'aftershock.load.phase': phase,
    'aftershock.load.late_ms': 0,
  });
  const route = { 'http.route': '/users/:id' };
  const gateway = writer.write(
    root,
    'gateway',
    'GET /users/:id',
    'server',
    gatewayMs,
    gatewayEndMs,
    {
      ...status(last.ok),
      ...route,
    },
  );
  const call = (to: string) => ({ 'aftershock.call.index': 0, 'aftershock.call.to': to });
  const toAuth = writer.write(
    gateway,
    'gateway',
    'GET',
    'client',
    gatewayMs + 0.5,
    authEndMs + networkMs,
    { ...status(last.ok), ...call('auth') },
  );
  const auth = writer.write(toAuth, 'auth', 'GET /users/:id', 'server', authMs, authEndMs, {
    ...status(last.ok),
    ...route,
  });
  for (const [resend, { sentMs, beginMs, endMs, doneMs, ok }] of attempts.entries()) {
    const toUser = writer.write(auth, 'auth', 'GET', 'client', sentMs, doneMs, {
      ...(ok ? status(true) : { 'error.type': 'timeout' }),
      ...call('user'),
      ...(resend > 0 ? { 'http.request.resend_count': resend } : {}),
    });
    const queueMs = options.concurrency ? beginMs - sentMs - networkMs : 0;
    writer.write(toUser, 'user', 'GET /users/:id', 'server', beginMs - queueMs, endMs, {
      ...status(true),
      ...route,
      ...(options.concurrency ? { 'aftershock.queue.wait_ms': queueMs } : {}),
    });
  }
}

function runOf(
  options: SyntheticOptions,
  counts: { readonly baseline: number; readonly pauses: number },
  lengths: { readonly serviceMs: number; readonly baselineMs: number; readonly pausesMs: number },
  spans: readonly Span[],
): Run {
  const { baselineMs, pausesMs, serviceMs } = lengths;
  const cpuMs = { gateway: 1, auth: 1, user: options.concurrency ? 0 : serviceMs };
  const phase = (name: PhaseName, fromMs: number, lengthMs: number, sent: number): RunPhase => {
    const dropped = name === 'pauses' ? (options.dropped ?? 0) : 0;
    return {
      name,
      startUnixMs: startUnixMs + fromMs,
      endUnixMs: startUnixMs + fromMs + lengthMs,
      load: { intended: sent + dropped, sent, dropped, lateMs: { p50: 0.1, p99: 0.4, max: 1.2 } },
      services: Object.fromEntries(
        Object.entries(cpuMs).map(([service, ms]): [string, ServiceUsage] => [
          service,
          {
            lengthMs,
            requests: sent,
            cpuMs: ms * sent,
            runDelayMs: 12,
            naturalCollections: { count: 0, durationMs: 0 },
            forcedCollections: { count: 0, durationMs: 0 },
          },
        ]),
      ),
    };
  };
  const names = ['load', 'gateway', 'auth', 'user'];
  const spansOf = (service: string) =>
    spans.filter(({ resource }) => resource.attributes['service.name'] === service).length;
  return {
    startedAt: new Date(startUnixMs).toISOString(),
    mesh: meshOf(options, lengths),
    machine: {
      cpuModel: 'Synthetic CPU',
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      platform: 'linux x64',
      node: 'v24.0.0',
    },
    phases: [
      phase('baseline', 0, baselineMs, counts.baseline),
      phase('pauses', baselineMs, pausesMs, counts.pauses),
    ],
    spans: Object.fromEntries(
      names.map((name) => [name, { ended: spansOf(name), exported: spansOf(name), dropped: 0 }]),
    ),
    final: {},
    collector: {
      acceptedByService: Object.fromEntries(names.map((name) => [name, spansOf(name)])),
      rejected: 0,
      evicted: 0,
    },
    failures: [],
  };
}

function meshOf(
  options: SyntheticOptions,
  { baselineMs, pausesMs }: { readonly baselineMs: number; readonly pausesMs: number },
): Mesh {
  const call = (to: string, timeout: number, retries = 0): Call => ({
    to,
    timeout,
    retries,
    backoff: { base: 0, factor: 1, jitter: 0 },
    deadline: null,
    recheck: false,
  });
  const service = (program: 'gateway' | 'auth' | 'user', to: Call | null): Service => ({
    program,
    port: 0,
    concurrency: program === 'user' ? (options.concurrency ?? null) : null,
    queue: null,
    script: to ? [{ call: to }] : [],
  });
  return {
    version: 1,
    name: options.meshName ?? 'chain',
    description: 'synthetic',
    seed: options.seed ?? 1,
    entry: 'gateway',
    services: {
      gateway: service('gateway', call('auth', 2000)),
      auth: service('auth', call('user', options.timeoutMs ?? 1000, options.retries)),
      user: service('user', null),
    },
    pauses: [
      {
        service: 'user',
        kind: options.kind ?? 'block',
        duration: { type: 'constant', value: options.pauseMs ?? 120 },
        every: { type: 'fixed', value: options.everyMs ?? 3000 },
        once: null,
        phase: 'poll',
      },
    ],
    load: {
      rate: options.ratePerSecond ?? 100,
      arrivals: 'poisson',
      timeout: 5000,
      maxInFlight: 1000,
    },
    durations: { warmup: 0, baseline: baselineMs, pauses: pausesMs },
  };
}
