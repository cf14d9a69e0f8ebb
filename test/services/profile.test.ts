import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAdmin } from '../../services/kit/admin.ts';
import type { ServiceStats } from '../../services/kit/protocol.ts';
import type { Listening } from '../../services/kit/server.ts';

let admin: Listening;
beforeAll(async () => {
  const stats = () => ({}) as ServiceStats;
  admin = await startAdmin({ host: '127.0.0.1', port: 0, token: null, stats, routers: [] });
});
afterAll(() => admin.drain(0));

const take = (query: string, signal?: AbortSignal) =>
  fetch(`${admin.url}/debug/pprof/profile${query}`, signal ? { signal } : {});

function burnVisibly(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Does `work` a turn, until `promise` has settled. */
async function meanwhile<T>(promise: Promise<T>, work: () => void): Promise<T> {
  let settled = false;
  promise.finally(() => {
    settled = true;
  });
  while (!settled) {
    work();
    await new Promise(setImmediate);
  }
  return promise;
}

function read(body: ArrayBuffer) {
  const profile = Profile.decode(gunzipSync(body));
  const text = (index: number | bigint) => profile.stringTable.strings[Number(index)] ?? '';
  const functions = new Map(profile.function.map((one) => [Number(one.id), one]));
  const locations = new Map(profile.location.map((one) => [Number(one.id), one]));
  const stacks = profile.sample.map(({ locationId, value }) => ({
    names: locationId.map((id) => {
      const line = locations.get(Number(id))?.line[0];
      return text(functions.get(Number(line?.functionId))?.name ?? 0);
    }),
    ms: Number(value[1]) / 1e6,
  }));
  return { profile, text, stacks, files: profile.function.map(({ filename }) => text(filename)) };
}

test('a profile has stacks from the leaf on, collections, files and times', async () => {
  const collect = collector();
  const ballast = Array.from({ length: 200_000 }, (_, i) => ({ i }));
  const before = BigInt(Date.now()) * 1_000_000n;
  const response = await meanwhile(take('?seconds=0.5'), () => {
    burnVisibly(20);
    collect();
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  const { profile, text, stacks, files } = read(await response.arrayBuffer());
  const units = profile.sampleType.map(({ type, unit }) => [text(type), text(unit)]);
  expect(units).toEqual([
    ['samples', 'count'],
    ['wall', 'nanoseconds'],
  ]);
  const busy = stacks.filter(({ names }) => names[0] === 'burnVisibly');
  expect(busy.length).toBeGreaterThan(0);
  expect(busy.every(({ names }) => names.includes('meanwhile'))).toBe(true);
  expect(stacks.some(({ names }) => names[0] === '(garbage collector)')).toBe(true);
  expect(stacks.some(({ names }) => names.includes('(idle)') || names.includes('(root)'))).toBe(
    false,
  );
  const totalMs = stacks.reduce((sum, { ms }) => sum + ms, 0);
  expect(totalMs).toBeLessThanOrEqual(Number(profile.durationNanos) / 1e6);
  expect(totalMs).toBeGreaterThan(100);
  expect(files.some((file) => file.endsWith('profile.test.ts'))).toBe(true);
  expect(BigInt(profile.timeNanos) - before).toBeGreaterThan(-5_000_000n);
  expect(ballast).toHaveLength(200_000);
});

test.each(['?seconds=0', '?seconds=-1', '?seconds=121', '?seconds=ten', '?seconds=1&seconds=2'])(
  '%s is refused',
  async (query) => {
    const response = await take(query);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'bad-seconds',
      detail: expect.stringContaining(`at most 120, got "${query.slice(1)}"`),
    });
  },
);

test('only one is taken at a time; one whose client has gone ends', async () => {
  const gone = new AbortController();
  const first = take('?seconds=60', gone.signal).catch((error: Error) => error.name);
  let second = await take('?seconds=0.01');
  while (second.status === 200) second = await take('?seconds=0.01'); // the first may come later
  expect(second.status).toBe(409);
  expect(await second.json()).toMatchObject({ code: 'profile-runs' });
  gone.abort();
  expect(await first).toBe('AbortError');
  let third = await take('?seconds=0.01');
  while (third.status === 409) third = await take('?seconds=0.01');
  expect(third.status).toBe(200);
});
