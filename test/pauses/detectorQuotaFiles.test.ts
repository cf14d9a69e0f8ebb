import { expect, test } from 'vitest';
import { candidateFiles } from '../../pauses/detector/quotaFiles.ts';

test.each([
  {
    when: 'a container has a cgroup of its own (version 2)',
    memberships: '0::/\n',
    mounts: '30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n',
    want: ['/sys/fs/cgroup/cpu.stat', '/sys/fs/cgroup/cpu.max'],
  },
  {
    when: 'a process is in a slice of the host (version 2)',
    memberships: '0::/system.slice/app.service\n',
    mounts: '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    want: [
      '/sys/fs/cgroup/system.slice/app.service/cpu.stat',
      '/sys/fs/cgroup/system.slice/app.service/cpu.max',
    ],
  },
  {
    when: 'a container sees a part of the hierarchy (version 1)',
    memberships: '3:cpu,cpuacct:/docker/ab\n2:memory:/docker/ab\n',
    mounts:
      '33 31 0:30 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n' +
      '34 31 0:31 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    want: ['/sys/fs/cgroup/cpu,cpuacct/cpu.stat', '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us'],
  },
])('candidateFiles() finds the files when $when', ({ memberships, mounts, want }) => {
  const found = candidateFiles(memberships, mounts).map(({ statFile, limitFile }) => [
    statFile,
    limitFile,
  ]);
  expect(found).toEqual([want]);
});

test('candidateFiles() finds none where there are no cgroups', () => {
  expect(candidateFiles('', '25 30 0:23 / /proc rw - proc proc rw\n')).toEqual([]);
});
