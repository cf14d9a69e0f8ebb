import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixMs } from '../pauses/clock.ts';
import { launch, ready, type ServiceProcess } from '../test/services/serviceProcess.ts';
import { startSignalCollector } from '../test/services/signalCollector.ts';
import { callStep, meshOf, service } from '../test/services/support.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { row } from './support/row.ts';

const ratio = 0.05;
const requestsPerRun = 1500;
const everyMs = 8;
const tiers = ['user', 'auth', 'gateway'] as const;
const pauses = [
  { service: 'user', kind: 'block', ms: 80 },
  { service: 'auth', kind: 'block', ms: 80 },
] as const;
/** A request that was open for so long of a pause was surely hit by it. */
const hitMs = 10;

interface Sent {
  readonly traceId: string;
  readonly startUnixMs: number;
  endUnixMs: number;
}

interface Figures {
  readonly kept: number;
  readonly broken: number;
  readonly victimsKept: number;
  readonly wholeOfUser: number;
  readonly wholeOfAuth: number;
}

export default {
  name: 'sampling',
  description: `Local sampling of ${100 * ratio} % and of what matters, in gateway → auth → user, while user and auth are blocked in turn: what is kept, and how much of it is broken (a service's part is missing)`,
  async run({ runs, say }) {
    const figures: Figures[] = [];
    for (let run = 0; run < runs; run++) {
      const one = await measure();
      say(JSON.stringify(one));
      figures.push(one);
    }
    const share = (what: string, key: keyof Figures, target?: BenchmarkRow['target']) =>
      row(
        what,
        '%',
        figures.map((one) => one[key]),
        target,
      );
    return [
      share('traces kept, of all', 'kept'),
      share('kept traces that are broken', 'broken'),
      share('traces that a pause hit: kept, at least in part', 'victimsKept', {
        relation: '>=',
        value: 99,
      }),
      share('traces that a pause of user hit: kept whole', 'wholeOfUser'),
      share('traces that a pause of auth hit: kept whole', 'wholeOfAuth'),
    ];
  },
} satisfies Benchmark;

async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-sampling-'));
  const meshPath = join(folder, 'mesh.json');
  const relay = (to: string) => service('relay', { script: [callStep(to)] });
  const mesh = meshOf({ gateway: relay('auth'), auth: relay('user'), user: service('relay') });
  writeFileSync(meshPath, JSON.stringify(mesh));
  const collector = await startSignalCollector();
  const processes: ServiceProcess[] = [];
  try {
    const urls: Record<string, string> = {};
    const adminUrls: Record<string, string> = {};
    for (const name of tiers) {
      const started = launch('relay', meshPath, {
        AFTERSHOCK_SERVICE: name,
        AFTERSHOCK_PEERS: JSON.stringify(urls),
        AFTERSHOCK_ATTRIBUTION: 'on',
        AFTERSHOCK_SAMPLING_RATIO: String(ratio),
        AFTERSHOCK_SLOW_REQUEST_MS: '0',
        OTEL_SDK_DISABLED: 'false',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        LOG_LEVEL: 'warn',
      });
      processes.push(started);
      const { url, adminUrl } = await ready(started);
      urls[name] = url;
      adminUrls[name] = adminUrl;
    }
    const loading = load(`${urls.gateway}/relay/1`);
    const made = pauseInTurns(adminUrls, loading);
    const [sent, intervals] = await Promise.all([loading, made]);
    for (const { child } of processes) child.kill('SIGTERM');
    await Promise.all(processes.map(({ ended }) => ended));
    const parts = new Map<string, number>();
    for (const { kind, traceId } of collector.received.spans) {
      if (kind === 2) parts.set(traceId, (parts.get(traceId) ?? 0) + 1);
    }
    return figuresOf(sent, intervals, (traceId) => parts.get(traceId) ?? 0);
  } finally {
    for (const { child } of processes) child.kill('SIGKILL');
    collector.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Requests at fixed times, each with a trace of its own. */
async function load(url: string): Promise<Sent[]> {
  const open: Promise<Sent>[] = [];
  const startMs = performance.now();
  for (let i = 0; i < requestsPerRun; i++) {
    await sleep(Math.max(0, startMs + i * everyMs - performance.now()));
    open.push(send(url));
  }
  return Promise.all(open);
}

async function send(url: string): Promise<Sent> {
  const traceId = randomBytes(16).toString('hex');
  const startUnixMs = unixMs();
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-03`;
  const response = await fetch(url, { headers: { traceparent } });
  await response.text();
  return { traceId, startUnixMs, endUnixMs: unixMs() };
}

interface Interval {
  readonly service: string;
  readonly startUnixMs: number;
  readonly endUnixMs: number;
}

async function pauseInTurns(
  adminUrls: Readonly<Record<string, string>>,
  until: Promise<unknown>,
): Promise<Interval[]> {
  let over = false;
  until.finally(() => {
    over = true;
  });
  const made: Interval[] = [];
  for (let turn = 0; !over; turn++) {
    await sleep(500);
    const pause = pauses[turn % pauses.length];
    if (!pause) break;
    const response = await fetch(`${adminUrls[pause.service]}/pauses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: pause.kind, durationMs: pause.ms, phase: 'poll' }),
    });
    const { startUnixNano, endUnixNano } = (await response.json()) as Record<string, string>;
    made.push({
      service: pause.service,
      startUnixMs: Number(startUnixNano) / 1e6,
      endUnixMs: Number(endUnixNano) / 1e6,
    });
  }
  return made;
}

function figuresOf(
  sent: readonly Sent[],
  intervals: readonly Interval[],
  partsOf: (traceId: string) => number,
): Figures {
  const hitBy = (service: string, { startUnixMs, endUnixMs }: Sent) =>
    intervals.some(
      (pause) =>
        pause.service === service &&
        Math.min(endUnixMs, pause.endUnixMs) - Math.max(startUnixMs, pause.startUnixMs) > hitMs,
    );
  const percent = (part: number, of: number) => (of === 0 ? Number.NaN : (100 * part) / of);
  const count = (of: readonly Sent[], is: (parts: number) => boolean) =>
    of.filter(({ traceId }) => is(partsOf(traceId))).length;
  const victims = sent.filter((one) => pauses.some(({ service }) => hitBy(service, one)));
  /** Of those that one service's pause hit and the other's did not. */
  const whole = (service: string, other: string) => {
    const hit = victims.filter((one) => hitBy(service, one) && !hitBy(other, one));
    return percent(
      count(hit, (parts) => parts === tiers.length),
      hit.length,
    );
  };
  const kept = count(sent, (parts) => parts > 0);
  return {
    kept: percent(kept, sent.length),
    broken: percent(
      count(sent, (parts) => parts > 0 && parts < tiers.length),
      kept,
    ),
    victimsKept: percent(
      count(victims, (parts) => parts > 0),
      victims.length,
    ),
    wholeOfUser: whole('user', 'auth'),
    wholeOfAuth: whole('auth', 'user'),
  };
}
