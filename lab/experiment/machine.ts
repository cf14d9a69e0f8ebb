import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { Run } from '../run.ts';

/** The machine that the run is on. */
export function thisMachine(): Run['machine'] {
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}
