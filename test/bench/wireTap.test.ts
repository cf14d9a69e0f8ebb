import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTap } from '../../bench/support/wireTap.ts';

const traceparent = (callId: string) => `00-${'a'.repeat(32)}-${callId}-01`;

test('a tap passes requests on, those that came before it knew where to as well, and says when', async () => {
  const answer = Promise.withResolvers<void>();
  const server = createServer(async (req, res) => {
    if (req.url === '/slow') await answer.promise;
    res.end(`answer to ${req.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tap = await startTap();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string, callId: string) => {
    const sent = get(tap.url + path, { agent, headers: { traceparent: traceparent(callId) } });
    const [response] = await once(sent, 'response');
    return (await response.toArray()).join('');
  };
  const first = ask('/first', '1'.repeat(16));
  tap.target(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await first).toBe('answer to /first');
  const slow = ask('/slow', '2'.repeat(16));
  await once(server, 'request');
  expect(tap.requests.at(-1)).toMatchObject({ callId: '2'.repeat(16), answeredUnixMs: null });
  answer.resolve();
  expect(await slow).toBe('answer to /slow');
  expect(tap.requests.map(({ callId }) => callId[0])).toEqual(['1', '2']);
  const times = tap.requests.flatMap(({ sentUnixMs, answeredUnixMs }) => [
    sentUnixMs,
    answeredUnixMs ?? Number.NaN,
  ]);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // The loop rests, is kept busy, and finds the request only then.
  await sleep(5);
  const busy = get(`${tap.url}/busy`, { headers: { traceparent: traceparent('3'.repeat(16)) } });
  await once(busy, 'finish');
  for (const end = performance.now() + 40; performance.now() < end; );
  await once(busy, 'response');
  expect(tap.requests.at(-1)?.sentBehindMs).toBeGreaterThan(30);
  agent.destroy();
  tap.stop();
  server.close();
  await once(server, 'close');
});
