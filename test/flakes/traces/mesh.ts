import { setTimeout as sleep } from 'node:timers/promises';
import { unixMs } from '../../../pauses/clock.ts';
import type { PauseOrder } from '../../../services/kit/protocol.ts';
import { JaegerSource, newTraceParent } from '../../../traces/index.ts';

/** Where main.ts has started the mesh: base URLs by service. */
const { MESH_URLS = '{}', ADMIN_URLS = '{}', TRACES_URL = '' } = process.env;
const urls = JSON.parse(MESH_URLS) as Record<string, string>;
export const adminUrls = JSON.parse(ADMIN_URLS) as Readonly<Record<string, string>>;
export const traces = new JaegerSource(TRACES_URL);

/** One request in a trace of its own. @returns its `traceparent`, once it is answered. */
export async function ask(
  service: string,
  path: string,
  status = 200,
  traceparent = newTraceParent(),
): Promise<string> {
  const response = await fetch(`${urls[service]}${path}`, { headers: { traceparent } });
  const body = await response.text();
  if (response.status === status) return traceparent;
  throw new Error(`${service} must answer ${path} with ${status}, got ${response.status}: ${body}`);
}

/** A pause as its maker has measured it. */
export interface MadePause {
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/**
 * Pauses the service, and meanwhile sends a request every 25 ms.
 * @returns the `traceparent`s of those that were sent during the pause, or shortly before.
 */
export async function askDuring(
  service: string,
  order: Omit<PauseOrder, 'phase'>,
  send: () => Promise<string>,
): Promise<{ readonly pause: MadePause; readonly sent: readonly string[] }> {
  // What takes long, and is no pause yet, is done before.
  await orderPause(service, 'pauses/prepare', order);
  let over = false;
  const made = orderPause(service, 'pauses', order).finally(() => {
    over = true;
  });
  const sending: { readonly atUnixMs: number; readonly answered: Promise<string> }[] = [];
  while (!over) {
    sending.push({ atUnixMs: unixMs(), answered: send() });
    await sleep(25);
  }
  const { startUnixNano = 0, endUnixNano = 0 } = await made;
  const pause = { startUnixNano: BigInt(startUnixNano), endUnixNano: BigInt(endUnixNano) };
  const fromUnixMs = Number(pause.startUnixNano) / 1e6 - 50;
  const all = await Promise.all(sending.map(({ answered }) => answered));
  const isNear = (i: number) => (sending[i]?.atUnixMs ?? 0) > fromUnixMs;
  return { pause, sent: all.filter((_, i) => isNear(i)) };
}

async function orderPause(
  service: string,
  path: 'pauses' | 'pauses/prepare',
  { kind, durationMs }: Omit<PauseOrder, 'phase'>,
): Promise<{ readonly startUnixNano?: string; readonly endUnixNano?: string }> {
  const response = await fetch(`${adminUrls[service]}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind, durationMs, phase: 'poll' } satisfies PauseOrder),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} made no pause (${kind}): ${text}`);
  return JSON.parse(text);
}
