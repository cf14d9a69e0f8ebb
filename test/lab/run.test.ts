import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { isAlive, type LabProcess, startedPids, startLab } from './fixtures/lab.ts';

const mesh = fileURLToPath(new URL('fixtures/small.yaml', import.meta.url));
const labs: LabProcess[] = [];

afterEach(async () => {
  for (const lab of labs.splice(0)) {
    lab.process.kill('SIGKILL');
    await lab.exit;
    rmSync(lab.out, { recursive: true });
  }
});

function start(...args: string[]): LabProcess {
  const lab = startLab(args);
  labs.push(lab);
  return lab;
}

async function expectGone(pids: Readonly<Record<string, number>>): Promise<void> {
  expect(Object.keys(pids)).toEqual(['collector', 'load', 'user', 'auth', 'gateway']);
  for (const [name, pid] of Object.entries(pids)) {
    await expect
      .poll(() => isAlive(pid), { message: `${name} is gone`, timeout: 10_000 })
      .toBe(false);
  }
}

test('run plays its phases, loses no span, gives its result and leaves no process', async () => {
  const options = '--seed 7 --rate 40 --duration 2s --pause auth=block:50ms/400ms --json';
  const lab = start('run', '--mesh', mesh, ...options.split(' '));
  const pids = await startedPids(lab);
  expect(await lab.exit).toEqual({ code: 0, signal: null });

  expect(JSON.parse(lab.stdout())).toEqual(lab.result());
  const { run, analysis } = lab.result();
  expect(run.failures).toEqual([]);
  expect(run.mesh).toMatchObject({ seed: 7, load: { rate: 40 } });
  expect(run.mesh.pauses).toMatchObject([{ service: 'auth', kind: 'block' }]);
  expect(run.phases.map(({ name }) => name)).toEqual(['warmup', 'baseline', 'pauses']);
  const [, baseline, pauses] = run.phases;
  // Constant arrivals: rate · duration of them.
  expect(baseline?.load).toMatchObject({ intended: 40, sent: 40, dropped: 0 });
  expect(pauses?.load).toMatchObject({ intended: 80, sent: 80, dropped: 0 });
  expect(baseline?.services.user?.requests).toBe(40);
  expect(analysis.pauses.length).toBeGreaterThanOrEqual(3);
  for (const name of ['load', 'gateway', 'auth', 'user']) {
    const account = run.spans[name];
    expect(account, name).toMatchObject({ dropped: 0, exported: account?.ended });
    expect(run.collector?.acceptedByService[name], name).toBe(account?.ended);
  }
  expect(analysis.spans.every(({ lost }) => lost === 0)).toBe(true);
  for (const file of ['result.json', 'traces.ndjson', 'report.html', 'mesh.json', 'user.log']) {
    expect(existsSync(join(lab.out, 'latest', file)), file).toBe(true);
  }
  expect(lab.stderr()).toContain('seed 7');
  await expectGone(pids);
});

test.each(['user', 'collector', 'load'])(
  '%s killed in a run: a report, exit code 1',
  async (name) => {
    const lab = start('run', '--mesh', mesh);
    const pids = await startedPids(lab);
    await lab.said(/^baseline/m);
    process.kill(pids[name] ?? 0, 'SIGKILL');
    expect(await lab.exit).toEqual({ code: 1, signal: null });
    const told = new RegExp(
      `s into the pauses phase: ${name} \\(pid ${pids[name]}\\) was ended by signal SIGKILL`,
    );
    expect(lab.stderr()).toMatch(told);
    const { run } = lab.result();
    expect(run.failures).toMatchObject([expect.stringMatching(told)]);
    expect(run.phases.map((phase) => phase.name)).toEqual(['warmup', 'baseline', 'pauses']);
    // Who was killed gave no account, and an older one is none.
    expect(run.spans[name] ?? null).toBeNull();
    expect(existsSync(join(lab.out, 'latest', 'report.html'))).toBe(true);
    await expectGone(pids);
  },
);

test('Ctrl-C in a run: a report of what there is, exit code 1, no span lost', async () => {
  const lab = start('run', '--mesh', mesh);
  const pids = await startedPids(lab);
  await lab.said(/^baseline/m);
  // Twice at once, as npm passes on what the terminal has sent already.
  lab.process.kill('SIGINT');
  lab.process.kill('SIGINT');
  expect(await lab.exit).toEqual({ code: 1, signal: null });
  const { run, analysis } = lab.result();
  expect(run.failures).toMatchObject([expect.stringMatching(/interrupted by Ctrl-C/)]);
  expect(lab.stdout()).toMatch(/interrupted by Ctrl-C/);
  expect(run.phases.map(({ name }) => name)).toEqual(['warmup', 'baseline', 'pauses']);
  expect(analysis.spans.every(({ lost }) => lost === 0)).toBe(true);
  await expectGone(pids);
});

test('Ctrl-C before anything has started: a report that says so, exit code 1', async () => {
  const lab = start('run', '--mesh', mesh);
  await lab.said(/seed 1/);
  lab.process.kill('SIGINT');
  expect(await lab.exit).toEqual({ code: 1, signal: null });
  expect(lab.result().run.failures).toMatchObject([
    expect.stringMatching(/s into the start: interrupted by Ctrl-C/),
  ]);
  expect(lab.stdout()).toMatch(/interrupted by Ctrl-C/);
  expect(lab.stderr()).toMatch(/^report .*report\.html$/m);
  expect(existsSync(join(lab.out, 'latest', 'report.html'))).toBe(true);
});

test('a killed lab leaves no process', async () => {
  const lab = start('run', '--mesh', mesh);
  const pids = await startedPids(lab);
  lab.process.kill('SIGKILL');
  await expectGone(pids);
});

test('up keeps the mesh running until it is interrupted; its curl lines work', async () => {
  const lab = start('up', '--mesh', mesh);
  await lab.said(/Ctrl-C/);
  const [request = '', trace = '', pause = ''] = lab
    .stderr()
    .split('\n')
    .filter((line) => line.trim().startsWith('curl'));
  const url = (line: string) => /http\S+/.exec(line)?.[0] ?? '';

  const header = /traceparent: (\S+)'/.exec(request)?.[1] ?? '';
  const answer = await fetch(url(request), { headers: { traceparent: header } });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ id: 42 });

  await expect
    .poll(async () => (await fetch(url(trace))).text(), { timeout: 10_000 })
    .toMatch(/user/);

  const paused = await fetch(url(pause), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: /-d '(.*)'/.exec(pause)?.[1] ?? '',
  });
  expect(await paused.json()).toMatchObject({ kind: 'block' });

  lab.process.kill('SIGINT');
  expect(await lab.exit).toEqual({ code: 0, signal: null });
});
