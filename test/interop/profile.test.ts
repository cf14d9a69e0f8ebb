import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { launch, ready } from '../services/serviceProcess.ts';
import { meshOf, service } from '../services/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const noGo = spawnSync('go', ['version']).status !== 0;
const whyNot = noGo ? ' (there is no Go here)' : '';

test.skipIf(noGo)(
  `\`go tool pprof\` opens a profile of a service that collects${whyNot}`,
  async () => {
    const meshPath = join(folder, 'mesh.json');
    writeFileSync(meshPath, JSON.stringify(meshOf({ user: service('user') })));
    const user = launch('user', meshPath);
    const { adminUrl } = await ready(user);
    const profile = fetch(`${adminUrl}/debug/pprof/profile?seconds=2`);
    const made = await fetch(`${adminUrl}/pauses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'gc', durationMs: 200, phase: 'poll' }),
    });
    expect(made.status).toBe(200);
    const file = join(folder, 'profile.pb.gz');
    writeFileSync(file, Buffer.from(await (await profile).arrayBuffer()));
    user.child.kill('SIGTERM');
    await user.ended;

    const { stdout, stderr, status } = spawnSync(
      'go',
      ['tool', 'pprof', '-top', '-cum', '-lines', file],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).not.toContain('failed');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Type: wall$/m);
    expect(stdout).toContain('(garbage collector)');
    expect(stdout).toMatch(/pauses\/strategies\/\w+\.ts/);
  },
);
