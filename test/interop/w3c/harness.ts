/**
 * A service of the kit for W3C's validation suite (github.com/w3c/trace-context, folder `test`): it
 * takes `POST /test` with `[{url, arguments}]`, and POSTs `arguments` to each `url` with the context.
 */
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { Command } from 'commander';
import { z } from 'zod';
import { createLogger } from '../../../services/kit/logger.ts';
import { type Listening, listen } from '../../../services/kit/server.ts';
import { startServerSpan } from '../../../services/kit/serverSpan.ts';
import { startTelemetry } from '../../../services/kit/telemetry.ts';

const callbacks = z.array(z.object({ url: z.url(), arguments: z.array(z.unknown()) }));

/** @param port 0: any free one. The endpoint is the result's `url` with `/test` behind it. */
export async function startHarness(port: number): Promise<Listening> {
  const logger = createLogger('w3c-harness', 'error');
  const { tracer, stop } = startTelemetry('w3c-harness', logger);
  const listening = await listen(
    async (req, res) => {
      const parent = propagation.extract(ROOT_CONTEXT, req.headers);
      const serverSpan = startServerSpan(tracer, parent, req);
      try {
        const inSpan = trace.setSpan(parent, serverSpan);
        const calls = callbacks.parse(await json(req));
        await Promise.all(
          calls.map((call) => {
            const client = tracer.startSpan('POST', { kind: SpanKind.CLIENT }, inSpan);
            const done = context.with(trace.setSpan(inSpan, client), post, undefined, call);
            return done.finally(() => client.end());
          }),
        );
        res.end('{}');
      } catch (error) {
        res.writeHead(400).end(String(error));
      } finally {
        serverSpan.end();
      }
    },
    '127.0.0.1',
    port,
  );
  return {
    url: listening.url,
    async drain(timeoutMs) {
      await listening.drain(timeoutMs);
      await stop();
    },
  };
}

function post({ url, arguments: body }: z.infer<typeof callbacks>[number]): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  propagation.inject(context.active(), headers);
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers, timeout: 5000 }, (response) => {
      response.resume().once('end', resolve).once('error', reject);
    })
      .once('error', reject)
      .end(JSON.stringify(body));
  });
}

if (import.meta.main) {
  const command = new Command('w3c-harness')
    .description('start a service of the kit with the endpoint of W3C’s trace-context suite')
    .option('--port <number>', 'port on 127.0.0.1, 0: any free one', '0')
    .parse();
  const { url } = await startHarness(Number(command.opts<{ port: string }>().port));
  console.log(`${url}/test`);
}
