import { randomStream } from '../../mesh/random.ts';
import { idleWatch } from '../../pauses/detector/idleWatch.ts';
import { createLogger } from '../../services/kit/logger.ts';
import { startTelemetry } from '../../services/kit/telemetry.ts';
import { userCount } from '../../services/kit/users.ts';
import { Generator } from './generator.ts';
import type { LoadMessage, LoadOrder } from './protocol.ts';
import { rootSpans } from './rootSpans.ts';
import { arrivals, sendTimes } from './schedule.ts';

const progressEveryMs = 250;
/** Time to draw up the schedule before the first request is due. */
const leadMs = 50;
/** Time that open requests have when the load is halted. */
const patienceMs = 3000;
/** A load without end that was stopped for longer than this goes on from now. */
const maxLateMs = 5000;

const telemetry = startTelemetry('load', createLogger('load'));
const idle = idleWatch();
let playing: Generator | null = null;

/** Resolves when the parent has the message, or is not there any more. */
function tell(message: LoadMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}

async function play(order: Extract<LoadOrder, { type: 'play' }>): Promise<void> {
  const { load, origin, route, phase, lapMs, seed, stream } = order;
  const durationMs = order.durationMs ?? Number.POSITIVE_INFINITY;
  const random = randomStream(seed, `${stream} arrivals`);
  const ids = randomStream(seed, `${stream} ids`);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now() + leadMs;
  const generator = new Generator({
    origin,
    nextPath: () => route.replace('{id}', String(1 + Math.floor(ids() * userCount))),
    durationMs,
    // Drawn in advance, unless the schedule may be too long for the memory.
    sendTimes: (lapMs === undefined ? sendTimes : arrivals)(load, durationMs, random),
    startMs,
    timeoutMs: load.timeout,
    maxInFlight: load.maxInFlight,
    ...(lapMs !== undefined && { maxLateMs }),
    observer: rootSpans(phase, origin, route, idle),
  });
  playing = generator;
  tell({ type: 'playing', startUnixMs: performance.timeOrigin + startMs });
  const snapshot = () => (lapMs === undefined ? generator.snapshot() : generator.lap());
  const progress = setInterval(
    () => tell({ type: 'progress', snapshot: snapshot() }),
    lapMs ?? progressEveryMs,
  );
  await generator.play();
  clearInterval(progress);
  playing = null;
  const { user, system } = process.cpuUsage(cpuBefore);
  tell({
    type: 'played',
    endUnixMs: performance.timeOrigin + generator.endMs,
    snapshot: snapshot(),
    cpuMs: (user + system) / 1000,
    spans: telemetry.account(),
  });
}

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  playing?.halt(patienceMs);
  await telemetry.stop();
  await tell({ type: 'stopped', spans: telemetry.account() });
  // All is said: a given-up export that the SDK still retries would keep the process for seconds.
  process.exit();
}

process.on('message', (order: LoadOrder) => {
  if (order.type === 'play') void play(order);
  if (order.type === 'halt') playing?.halt(patienceMs);
  if (order.type === 'spans') tell({ type: 'spans', spans: telemetry.account() });
});
process.on('disconnect', stop);
process.on('SIGTERM', stop);
process.on('SIGINT', () => {}); // A Ctrl-C reaches the whole group; the lab decides what ends when.
tell({ type: 'ready' });
