import { startCollector } from '../../collector/collector.ts';
import { tuneGarbageCollection } from '../../collector/garbageCollection.ts';

/**
 * A collector that tells its CPU time and its memory after a collection; forked, with
 * `--expose-gc`. It answers each message with a {@link CollectorUsage}.
 */
export interface CollectorUsage {
  readonly cpuSeconds: number;
  /** Heap and external memory after a collection. */
  readonly heldBytes: number;
}

tuneGarbageCollection();
const { otlpUrl, queryUrl, stop } = await startCollector({
  port: 0,
  queryPort: 0,
  maxBytes: 4 * 1024 ** 3,
});
process.send?.({ otlpUrl, queryUrl });

process.on('message', async () => {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  // Buffers are given back in the background.
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const after = process.cpuUsage();
  const gcSeconds = (after.user + after.system - user - system) / 1e6;
  collectedSeconds += gcSeconds;
  const usage: CollectorUsage = {
    cpuSeconds: (after.user + after.system) / 1e6 - collectedSeconds,
    heldBytes: heapUsed + external,
  };
  process.send?.(usage);
});
/** CPU time of the collections that were asked for, which is not the collector's own. */
let collectedSeconds = 0;

process.once('disconnect', () => stop());
