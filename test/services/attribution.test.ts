import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { unixMs } from '../../pauses/clock.ts';
import { decodeOtlpProtobuf } from '../../traces/otlp/decode.ts';
import type { Span } from '../../traces/span.ts';
import { launch, ready } from './serviceProcess.ts';
import { meshOf, service } from './support.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function collector(): Promise<{ url: string; spans: Span[] }> {
  const spans: Span[] = [];
  const server = createServer(async (req, res) => {
    spans.push(...decodeOtlpProtobuf(await buffer(req)).spans);
    res.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

/** A request as a service of the kit sends it; its id is that of its trace. */
async function send(url: string, agent: Agent | false, id: number): Promise<void> {
  const request = get(`${url}/users/1`, {
    agent,
    headers: {
      traceparent: `00-${String(id).padStart(32, '0')}-${'1'.repeat(16)}-01`,
      tracestate: `aftershock=h:1;t:${Math.round(unixMs() * 1000)}`,
    },
  });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
}

/** Of the pause's edges, on which nobody can tell. */
const edgeMs = 3;

test.each(['block', 'gc', 'freeze'])(
  '%s: who waited for it says so, and it is one span',
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'aftershock-attribution-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const meshPath = join(folder, 'mesh.json');
    writeFileSync(meshPath, JSON.stringify(meshOf({ user: service('user') })));
    const { url: otlpUrl, spans } = await collector();
    const user = launch('user', meshPath, {
      OTEL_SDK_DISABLED: 'false',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
      AFTERSHOCK_ATTRIBUTION: 'on',
    });
    closers.push(() => user.child.kill('SIGKILL'));
    const { url, adminUrl } = await ready(user);
    const agent = new Agent({ keepAlive: true });
    closers.push(() => agent.destroy());
    const order = JSON.stringify({ kind, durationMs: 150, phase: 'poll' });
    const headers = { 'content-type': 'application/json' };
    const post = (path: string) => fetch(adminUrl + path, { method: 'POST', headers, body: order });
    await (await post('/pauses/prepare')).text();
    for (let id = 1; id <= 10; id++) await send(url, agent, id);

    let over = false;
    const made = post('/pauses')
      .then(
        (response) => response.json() as Promise<{ startUnixNano: string; endUnixNano: string }>,
      )
      .finally(() => {
        over = true;
      });
    const answers: Promise<void>[] = [];
    let lastId = 10;
    while (!over || lastId < 60) {
      // Every second one by a connection of its own.
      answers.push(send(url, ++lastId % 2 === 0 && agent, lastId));
      await sleep(5);
    }
    const { startUnixNano, endUnixNano } = await made;
    await Promise.all(answers);
    user.child.kill('SIGTERM');
    await user.ended;

    const requested = spans.filter(
      ({ attributes }) => attributes['aftershock.pause.requested_ms'] !== undefined,
    );
    expect(requested).toHaveLength(1);
    const [pause] = requested as [Span];
    expect([pause.startUnixNano, pause.endUnixNano].map(String)).toEqual([
      startUnixNano,
      endUnixNano,
    ]);
    expect(pause.name).toBe(`pause ${kind}`);
    for (const edge of ['start', 'end']) {
      expect(
        Math.abs(Number(pause.attributes[`aftershock.pause.detected.${edge}_offset_ms`])),
      ).toBeLessThan(50);
    }

    const wrong: string[] = [];
    let waited = 0;
    for (let id = 11; id <= lastId; id++) {
      const own = spans.filter(({ traceId }) => Number(traceId) === id);
      const server = own.find((span) => span.kind === 'server') as Span;
      const sentMs = Number(/t:(\d+)/.exec(server.traceState)?.[1]) / 1000;
      const startMs = Number(pause.startUnixNano) / 1e6;
      const endMs = Number(pause.endUnixNano) / 1e6;
      const linked = server.links.some(({ spanId }) => spanId === pause.spanId);
      const role = server.attributes['aftershock.pause.role'];
      if (sentMs > startMs + edgeMs && sentMs < endMs - edgeMs) {
        waited++;
        const queue = own.find(({ name }) => name === 'server.queue');
        if (!linked || role !== 'hit') wrong.push(`${id} was hit, and says ${role}`);
        else if (queue === undefined || queue.endUnixNano >= server.startUnixNano)
          wrong.push(`${id} has no wait`);
        else if (Math.abs(Number(queue.startUnixNano) / 1e6 - sentMs) > edgeMs)
          wrong.push(`${id} waits from another moment`);
      } else if (Number(server.endUnixNano) / 1e6 < startMs - edgeMs && linked) {
        wrong.push(`${id} had gone, and says ${role}`);
      }
    }
    expect(waited).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
    expect(pause.attributes['aftershock.pause.hit']).toBeGreaterThanOrEqual(waited);
    expect(pause.links.length).toBeGreaterThan(0);
  },
);
