import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PauseAdmin, pauseAdmin } from '../../services/kit/pauses.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it as it likes
  readonly body: any;
}

const block = {
  kind: 'block',
  duration: { type: 'constant', value: 2 },
  every: { type: 'fixed', value: 5 },
  once: null,
  phase: 'poll',
};

describe('the admin API of pauses', () => {
  let admin: PauseAdmin;
  let server: Server;
  const errors: unknown[] = [];

  beforeEach(async () => {
    errors.length = 0;
    admin = pauseAdmin({
      folder: join(import.meta.dirname, '../pauses/fixtures'),
      onError: (error) => errors.push(error),
    });
    server = express().use(admin.router).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await admin.stop();
    server.close();
    server.closeAllConnections();
  });

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type')?.split(';')[0] ?? '',
      body: await response.json(),
    };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(setImmediate);
  }

  test('makes one pause now and answers its record', async () => {
    const order = { kind: 'block', durationMs: 3, phase: 'timers' };
    expect(await call('POST', '/pauses/prepare', order)).toMatchObject({
      status: 200,
      body: { prepared: order },
    });
    const { status, body } = await call('POST', '/pauses', order);
    expect(status).toBe(200);
    expect(body).toMatchObject({ sequence: 1, kind: 'block', phase: 'timers', requestedMs: 3 });
    expect(body.measuredMs).toBeGreaterThanOrEqual(3);
    expect(Number(BigInt(body.endUnixNano) - BigInt(body.startUnixNano)) / 1e6).toBe(
      body.measuredMs,
    );
    expect(admin.counts().pauses).toBe(1);
  });

  test('starts, changes and stops a plan', async () => {
    const plan = { seed: 1, pauses: [block] };
    expect(await call('PUT', '/pauses', plan)).toMatchObject({
      status: 200,
      body: { plan: [{ ...block, running: true }] },
    });
    await until(() => admin.counts().pauses >= 2);

    const changed = { ...block, phase: 'check' };
    await call('PUT', '/pauses', { seed: 1, pauses: [changed] });
    const before = admin.counts().pauses;
    await until(() => admin.counts().pauses > before);
    const { body: during } = await call('GET', '/pauses');
    expect(during.plan).toMatchObject([{ ...changed, running: true }]);
    expect(during.records.at(-1)).toMatchObject({ kind: 'block', phase: 'check', requestedMs: 2 });

    const { body: after } = await call('DELETE', '/pauses');
    expect(after.plan).toMatchObject([{ ...changed, running: false, failed: 0 }]);
    const { made } = after;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(admin.counts().pauses).toBe(made);
  });

  test('draws lengths from the distribution, the same ones with the same seed', async () => {
    const drawn = { ...block, duration: { type: 'lognormal', median: 2, sigma: 0.5 } };
    const lengths: number[][] = [];
    for (const _ of [1, 2]) {
      const made = admin.counts().pauses;
      await call('PUT', '/pauses', { seed: 7, pauses: [drawn] });
      await until(() => admin.counts().pauses >= made + 3);
      const { body } = await call('DELETE', '/pauses');
      const records = body.records.slice(made, made + 3);
      lengths.push(records.map(({ requestedMs }: { requestedMs: number }) => requestedMs));
    }
    expect(lengths[0]).toEqual(lengths[1]);
    expect(new Set(lengths[0]).size).toBe(3);
  });

  test('a delay holds one request and leaves the next alone', async () => {
    const making = call('POST', '/pauses', { kind: 'delay', durationMs: 5, phase: 'poll' });
    let held: Promise<void> | undefined;
    await until(() => {
      held = admin.gate();
      return held !== undefined;
    });
    expect(admin.gate()).toBeUndefined();
    await held;
    expect((await making).body).toMatchObject({ kind: 'delay', sequence: 1 });
  });

  test('stop() gives up a delay that no request came for', async () => {
    const making = call('POST', '/pauses', { kind: 'delay', durationMs: 5, phase: 'poll' });
    const planned = { ...block, kind: 'delay', every: null, once: 0 };
    await call('PUT', '/pauses', { seed: 1, pauses: [planned] });
    await admin.stop();
    expect((await making).status).toBe(503);
    expect(errors).toEqual([]);
  });

  test('tells of a planned pause that could not be made', async () => {
    const planned = { ...block, kind: './missing.ts', every: null, once: 0 };
    await call('PUT', '/pauses', { seed: 1, pauses: [planned] });
    await until(() => errors.length > 0);
    expect(String(errors[0])).toMatch(/Cannot load the pause strategy .*missing\.ts/);
    expect((await call('GET', '/pauses')).body.plan).toMatchObject([{ made: 0, failed: 1 }]);
  });

  const order = { kind: 'block', durationMs: 1, phase: 'poll' };
  test.each([
    { path: '/pauses', method: 'POST', body: undefined, detail: /pause order .+ expected object/ },
    { path: '/pauses', method: 'POST', body: '{"kind":', detail: /JSON/ },
    { path: '/pauses', method: 'POST', body: { ...order, kind: 'blok' }, detail: /no pause kind/ },
    { path: '/pauses', method: 'POST', body: { ...order, durationMs: -1 }, detail: /durationMs: / },
    { path: '/pauses', method: 'POST', body: { ...order, durationMs: 1e9 }, detail: /<=60000/ },
    { path: '/pauses', method: 'POST', body: { ...order, phase: 'idle' }, detail: /"timers"/ },
    { path: '/pauses', method: 'POST', body: { ...order, extra: 1 }, detail: /"extra"/ },
    {
      path: '/pauses',
      method: 'POST',
      body: { ...order, kind: './half.ts' },
      detail: /half\.ts is no pause strategy/,
    },
    {
      path: '/pauses/prepare',
      method: 'POST',
      body: { ...order, kind: 'gc', durationMs: 0.01 },
      detail: /too short for this heap/,
    },
    {
      path: '/pauses',
      method: 'PUT',
      body: {
        seed: 1,
        pauses: [
          { ...block, once: 3 },
          { ...block, duration: 5 },
        ],
      },
      detail: /pauses\.0: give either every or once.*; pauses\.1\.duration: /,
    },
  ])('answers 400 to $method $path with $body', async ({ path, method, body, detail }) => {
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' });
    expect(answer.body.detail).toMatch(detail);
    expect(admin.counts().pauses).toBe(0);
  });
});
