import { parseArgs } from 'node:util';
import { type Collector, type CollectorStats, startCollector } from './collector.ts';
import { tuneGarbageCollection } from './garbageCollection.ts';

/**
 * The embedded collector as a process of its own:
 * `node collector/main.ts [--host H] [--port N] [--query-port N] [--file F] [--max-bytes N]`.
 * With an IPC channel (`child_process.fork`) it tells its parent how it goes, leaves SIGINT to it,
 * and stops when it is gone. SIGTERM: finish what is in flight, write, report, exit 0.
 */
export type CollectorMessage =
  | {
      readonly type: 'ready';
      readonly otlpUrl: string;
      readonly queryUrl: string;
      readonly warnings: readonly string[];
    }
  /** The last one before a clean exit. */
  | { readonly type: 'stopped'; readonly stats: CollectorStats }
  /** It cannot start; `code` is the system's (`EADDRINUSE`) where there is one. */
  | { readonly type: 'failed'; readonly code: string | null; readonly message: string };

function send(message: CollectorMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    // A parent that is gone meanwhile needs no news.
    else process.send?.(message, () => resolve());
  });
}

async function main(): Promise<void> {
  tuneGarbageCollection();
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      'query-port': { type: 'string' },
      file: { type: 'string' },
      'max-bytes': { type: 'string' },
    },
  });
  const stopped = Promise.withResolvers<void>();
  process.once('SIGTERM', () => stopped.resolve());
  if (process.connected) {
    process.on('SIGINT', () => undefined);
    process.once('disconnect', () => stopped.resolve());
  } else process.once('SIGINT', () => stopped.resolve());

  let collector: Collector;
  try {
    collector = await startCollector({
      ...(values.host !== undefined && { host: values.host }),
      ...(values.port !== undefined && { port: Number(values.port) }),
      ...(values['query-port'] !== undefined && { queryPort: Number(values['query-port']) }),
      ...(values.file !== undefined && { file: values.file }),
      ...(values['max-bytes'] !== undefined && { maxBytes: Number(values['max-bytes']) }),
    });
  } catch (error) {
    const { message, code = null } = error as NodeJS.ErrnoException;
    process.stderr.write(`The collector cannot start: ${message}\n`);
    await send({ type: 'failed', code, message });
    process.exitCode = 1;
    if (process.connected) process.disconnect();
    return;
  }
  const { otlpUrl, queryUrl, warnings } = collector;
  await send({ type: 'ready', otlpUrl, queryUrl, warnings });
  await stopped.promise;
  await collector.stop();
  await send({ type: 'stopped', stats: collector.stats() });
  if (process.connected) process.disconnect();
}

await main();
