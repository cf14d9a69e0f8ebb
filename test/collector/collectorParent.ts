import { CollectorProcess } from './collectorProcess.ts';

/** A process with a collector of its own, to be killed. */
const collector = await CollectorProcess.start();
process.send?.(collector.child.pid);
