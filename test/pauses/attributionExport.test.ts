import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { diag } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, test } from 'vitest';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import type { EndedSpan } from '../../pauses/attribution/span.ts';
import { pauses } from '../../pauses/index.ts';

afterEach(() => diag.disable());

/** A server in a process of its own, which answers while this one stands still. */
const slowServer = `
  import { createServer } from 'node:http';
  const server = createServer((req, res) => setTimeout(() => res.end(), 20));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());`;

test('a pause longer than the time-out of an export that is under way loses nothing, and is no failure', async () => {
  const told: string[] = [];
  const tell = (message: string) => void told.push(message);
  const quiet = () => {};
  diag.setLogger({ error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet });
  const child = spawn(process.execPath, ['--input-type=module', '--eval', slowServer], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [port] = (await once(child, 'message')) as [number];
    const exported: EndedSpan[] = [];
    let blocked = false;
    const { spanProcessors } = pauses({
      batches: { timeoutMs: 100, delayMs: 10 },
      exporter: {
        export(spans: never[], done) {
          const sent = request({ port, host: '127.0.0.1', method: 'POST' }, (answer) => {
            answer.resume().on('end', () => {
              exported.push(...(spans as EndedSpan[]));
              done({ code: 0 });
            });
          });
          sent.on('finish', () => {
            if (blocked) return;
            blocked = true;
            for (const end = performance.now() + 300; performance.now() < end; );
          });
          sent.end();
        },
        shutdown: async () => {},
      },
    });
    const provider = new TracerProvider({ spanProcessors });
    const tracer = provider.getTracer('test');
    const during = tracer.startSpan('during');
    tracer.startSpan('before').end();
    while (!blocked) await new Promise((resolve) => setTimeout(resolve, 5));
    during.end();
    await provider.shutdown();
    expect(told).toEqual([]);
    const names = exported.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith('pause '))).toEqual(['before', 'during']);
    const overlaps = exported
      .filter(({ name }) => name === 'during')
      .flatMap(({ events }) =>
        events.map(({ attributes }) => Number(attributes?.[PausedAttribute.overlapMs])),
      );
    expect(Math.max(...overlaps)).toBeGreaterThan(250);
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
});
