import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { QuotaFiles } from './heartbeatProgram.ts';

/**
 * The files that say how much CPU time this process's cgroup may use and for how long it was held
 * back; null where there are none. In a container these are the container's own; a quota of a
 * cgroup further up is not seen.
 */
export function quotaFiles(): QuotaFiles | null {
  try {
    const memberships = readFileSync('/proc/self/cgroup', 'utf8');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    return (
      candidateFiles(memberships, mounts).find(
        ({ statFile, limitFile }) => existsSync(statFile) && existsSync(limitFile),
      ) ?? null
    );
  } catch {
    return null; // Not Linux.
  }
}

/**
 * Where the files are, if they are. Formats: `cgroups(7)` and `proc_pid_mountinfo(5)`. The path of
 * a membership begins at the root of the hierarchy, of which only a part may be mounted.
 */
export function candidateFiles(memberships: string, mounts: string): QuotaFiles[] {
  const found: QuotaFiles[] = [];
  for (const mount of mounts.split('\n')) {
    const [left = '', right = ''] = mount.split(' - ');
    const [, , , root = '', mountPoint = ''] = left.split(' ');
    const [type, , superOptions = ''] = right.split(' ');
    const controller = type === 'cgroup2' ? '' : 'cpu';
    if (type !== 'cgroup2' && !(type === 'cgroup' && superOptions.split(',').includes('cpu'))) {
      continue;
    }
    const path = pathOf(memberships, controller);
    if (path === undefined) continue;
    const inside = path.startsWith(root) ? path.slice(root.length) : '';
    const folder = posix.join(mountPoint, inside);
    found.push({
      statFile: `${folder}/cpu.stat`,
      limitFile: `${folder}/${type === 'cgroup2' ? 'cpu.max' : 'cpu.cfs_quota_us'}`,
    });
  }
  return found;
}

function pathOf(memberships: string, controller: string): string | undefined {
  for (const line of memberships.split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    if (controllers.split(',').includes(controller)) return path.join(':');
  }
  return undefined;
}
