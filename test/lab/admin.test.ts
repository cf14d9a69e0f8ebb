import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Admin } from '../../lab/launch/admin.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function adminOf(listener: RequestListener): Promise<Admin> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Admin('user', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const order = { kind: 'gc', durationMs: 120, phase: 'poll' } as const;

test('an Admin sends JSON and gives back what the service says', async () => {
  const seen: unknown[] = [];
  const admin = await adminOf(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push([request.method, request.url, body === '' ? null : JSON.parse(body)]);
    response.end(JSON.stringify({ pauses: 3 }));
  });
  expect(await admin.stats(5000)).toEqual({ pauses: 3 });
  await admin.preparePause(order, 5000);
  await admin.startPauses({ seed: 1, pauses: [] }, 5000);
  await admin.stopPauses(5000);
  expect(seen).toEqual([
    ['GET', '/stats', null],
    ['POST', '/pauses/prepare', order],
    ['PUT', '/pauses', { seed: 1, pauses: [] }],
    ['DELETE', '/pauses', null],
  ]);
});

test('an Admin tells what a service refused, by its problem document', async () => {
  const admin = await adminOf((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ title: 'Bad pause', detail: 'no such kind "cg"' }));
  });
  await expect(admin.preparePause(order, 5000)).rejects.toThrow(
    'POST /pauses/prepare of user\'s admin API: status 400: no such kind "cg"',
  );
});

test('an Admin tells of a service that does not answer in time, or is not there', async () => {
  const admin = await adminOf(() => {});
  await expect(admin.stats(50)).rejects.toThrow(/GET \/stats of user.*no answer within 0.05 s/);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(admin.stats(5000)).rejects.toThrow(/GET \/stats of user.*ECONNREFUSED/);
});
