import { Agent, request } from 'node:http';
import type { SpanBody } from './spanBodies.ts';

/** Connections that each send a body as soon as the one before is acknowledged. */
const CONNECTIONS = 4;

/** Sends `count` bodies, taking turns, to `otlpUrl`. @throws if one is not answered 200. */
export async function sendBodies(
  otlpUrl: string,
  bodies: readonly SpanBody[],
  count: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let sent = 0;
  const connection = async () => {
    // A body's buffer is used anew for each request: each connection has bodies of its own.
    while (sent < count) {
      const body = bodies[sent++ % bodies.length] as SpanBody;
      await post(agent, `${otlpUrl}/v1/traces`, body.encoding, body.next());
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  } finally {
    agent.destroy();
  }
}

function post(agent: Agent, url: string, contentType: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType, 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`The collector answered ${response.statusCode}`));
      });
    });
    outgoing.on('error', reject).end(body);
  });
}
