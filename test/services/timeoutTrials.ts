import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../../mesh/mesh.ts';
import { unixMs } from '../../pauses/clock.ts';
import { sentHeader, sentNow } from '../../services/kit/replyArrival.ts';
import type { TimeoutVerdict } from '../../services/kit/timeoutVerdict.ts';
import { launch, ready, type ServiceProcess } from './serviceProcess.ts';
import { startSignalCollector } from './signalCollector.ts';
import { callStep, meshOf, service, stub } from './support.ts';

const timeoutMs = 40;
const pauseMs = 80;
/** Collecting a service's own heap takes some tens of milliseconds on a busy machine. */
const gcPauseMs = 160;
const frozenMs = 60;

/** One call whose time-out is brought about, or nearly so. */
export interface Trial {
  /** What stops the caller while it waits: `stop` is SIGSTOP from outside, in poll. */
  readonly pause: 'none' | 'stop' | { readonly kind: string; readonly phase: Phase };
  /** When the callee answers, after the request came; `frozen`: it is stopped beyond the deadline. */
  readonly answerAfterMs: number | 'frozen';
}

/** Times are Unix milliseconds. */
export interface Outcome {
  readonly status: number;
  readonly deadlineUnixMs: number;
  /** When the callee sent its answer; where it was frozen, when it went on. */
  readonly sentUnixMs: number;
  /** When the caller was stopped, as its own record says, or who stopped it. */
  readonly pause: Interval | null;
  /** null: the timer did not fire, or the answer was read before. */
  readonly verdict: TimeoutVerdict | null;
  readonly taken: boolean;
}

interface Interval {
  readonly startUnixMs: number;
  readonly endUnixMs: number;
}

/**
 * What an outcome is, from the times on both sides alone; null if within `marginMs` of an edge. An
 * answer that was sent over loopback has arrived.
 */
export function truthOf(outcome: Outcome, marginMs: number): 'spurious' | 'late' | null {
  const { sentUnixMs, deadlineUnixMs, pause } = outcome;
  if (sentUnixMs > deadlineUnixMs + marginMs) return 'late';
  const hidden =
    pause !== null &&
    pause.startUnixMs < sentUnixMs &&
    sentUnixMs < deadlineUnixMs - marginMs &&
    deadlineUnixMs < pause.endUnixMs - marginMs;
  return hidden ? 'spurious' : null;
}

export interface TimeoutTrials {
  run(trial: Trial, count: number): Promise<Outcome[]>;
  stop(): Promise<void>;
}

/** A service as a process of its own calls one that answers when a trial says so. */
export async function startTimeoutTrials(recheck: boolean): Promise<TimeoutTrials> {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-timeouts-'));
  const meshPath = join(folder, 'mesh.json');
  const call = callStep('user', { timeout: timeoutMs, recheck });
  const mesh = meshOf({ relay: service('relay', { script: [call] }), user: service('user') });
  writeFileSync(meshPath, JSON.stringify(mesh));
  const collector = await startSignalCollector();
  const processes: ServiceProcess[] = [];
  const waiting = new Map<string, (answer: () => number) => void>();
  const callee = await stub((req, res) => {
    const answer = () => {
      res.setHeader(sentHeader, sentNow()).end('{}');
      return unixMs();
    };
    const came = waiting.get(req.url ?? '');
    if (came) came(answer);
    else answer();
  });
  let ids = 0;

  async function startProcess(name: 'relay' | 'user', peers: Record<string, string>) {
    const started = launch(name, meshPath, {
      OTEL_SDK_DISABLED: 'false',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      LOG_LEVEL: 'silent',
      AFTERSHOCK_PEERS: JSON.stringify(peers),
    });
    processes.push(started);
    return { ...started, ...(await ready(started)) };
  }
  const caller = await startProcess('relay', { user: callee.url });

  async function order(path: string, kind: string, phase: Phase) {
    const response = await fetch(caller.adminUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind, phase, durationMs: kind === 'gc' ? gcPauseMs : pauseMs }),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${await response.text()}`);
    return (await response.json()) as { startUnixNano: string; endUnixNano: string };
  }

  async function pauseNow(pause: Trial['pause']): Promise<Interval | null> {
    if (pause === 'none') return null;
    if (pause === 'stop') {
      const startUnixMs = unixMs();
      caller.child.kill('SIGSTOP');
      await sleep(pauseMs);
      const endUnixMs = unixMs();
      caller.child.kill('SIGCONT');
      return { startUnixMs, endUnixMs };
    }
    const { startUnixNano, endUnixNano } = await order('/pauses', pause.kind, pause.phase);
    return { startUnixMs: Number(startUnixNano) / 1e6, endUnixMs: Number(endUnixNano) / 1e6 };
  }

  async function answeredBySelf({ pause }: Trial, answerAfterMs: number) {
    const id = ++ids;
    const came = new Promise<() => number>((resolve) => waiting.set(`/users/${id}`, resolve));
    const response = fetch(`${caller.url}/relay/${id}`);
    const answer = await came;
    const paused = pauseNow(pause);
    await sleep(answerAfterMs);
    const sentUnixMs = answer();
    return { id, status: (await response).status, sentUnixMs, pause: await paused };
  }

  let frozen: { callerUrl: string; user: ServiceProcess } | undefined;
  async function answeredByFrozen() {
    if (!frozen) {
      const user = await startProcess('user', {});
      const { url: callerUrl } = await startProcess('relay', { user: user.url });
      frozen = { callerUrl, user };
      for (let i = 0; i < 5; i++) await (await fetch(`${callerUrl}/relay/${++ids}`)).text();
    }
    const id = ++ids;
    frozen.user.child.kill('SIGSTOP');
    const response = fetch(`${frozen.callerUrl}/relay/${id}`);
    await sleep(frozenMs);
    const sentUnixMs = unixMs();
    frozen.user.child.kill('SIGCONT');
    return { id, status: (await response).status, sentUnixMs, pause: null };
  }

  async function clientSpan(id: number) {
    for (;;) {
      const found = collector.received.spans.find(
        ({ kind, attributes }) => kind === 3 && String(attributes['url.full']).endsWith(`/${id}`),
      );
      if (found) return found;
      await sleep(10);
    }
  }

  return {
    async run(trial, count) {
      const { pause, answerAfterMs } = trial;
      // Answers in time, so that it is known how long one takes.
      for (let i = 0; i < 5; i++) await (await fetch(`${caller.url}/relay/${++ids}`)).text();
      if (typeof pause === 'object') await order('/pauses/prepare', pause.kind, pause.phase);
      const outcomes: Outcome[] = [];
      for (let i = 0; i < count; i++) {
        const made = await (answerAfterMs === 'frozen'
          ? answeredByFrozen()
          : answeredBySelf(trial, answerAfterMs));
        const { startTimeUnixNano, attributes } = await clientSpan(made.id);
        outcomes.push({
          ...made,
          deadlineUnixMs: Number(startTimeUnixNano) / 1e6 + timeoutMs,
          verdict: (attributes['aftershock.timeout.verdict'] ?? null) as TimeoutVerdict | null,
          taken: attributes['aftershock.timeout.answer_taken'] === true,
        });
        collector.received.spans.length = 0;
      }
      return outcomes;
    },
    async stop() {
      for (const { child } of processes) child.kill('SIGTERM');
      await Promise.all(processes.map(({ ended }) => ended));
      callee.server.closeAllConnections();
      callee.server.close();
      collector.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
