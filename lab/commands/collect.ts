import { Command, InvalidArgumentError } from 'commander';
import {
  type Collector,
  type CollectorOptions,
  type CollectorStats,
  DEFAULT_MAX_BYTES,
  DEFAULT_PORT,
  DEFAULT_QUERY_PORT,
  startCollector,
} from '../../collector/collector.ts';
import { tuneGarbageCollection } from '../../collector/garbageCollection.ts';
import { MIN_STORE_BYTES } from '../../collector/store.ts';
import { onInterrupt } from './interrupt.ts';
import { UsageError } from './usageError.ts';

interface CollectOptions {
  readonly port?: number;
  readonly queryPort?: number;
  readonly host: string;
  readonly file?: string;
  readonly maxBytes: number;
  readonly json?: boolean;
}

/** `aftershock collect`: addresses and counts go to stdout, as JSON lines with `--json`. */
export function collectCommand(): Command {
  return new Command('collect')
    .description('run the embedded collector alone: OTLP over HTTP in, a Jaeger query API out')
    .option('--port <number>', `OTLP over HTTP (default: ${DEFAULT_PORT}; 0: any free)`, port)
    .option(
      '--query-port <number>',
      `query API (default: ${DEFAULT_QUERY_PORT}; 0: any free)`,
      port,
    )
    .option('--host <address>', 'address to listen on, for both', '127.0.0.1')
    .option('--file <path>', 'OTLP JSON lines: read back at the start, then appended to')
    .option('--max-bytes <number>', 'memory for spans; the oldest go', bytes, DEFAULT_MAX_BYTES)
    .option('--json', 'print data in place of sentences')
    .addHelpText('after', '\nExample:\n  npm run aftershock -- collect --file traces.ndjson')
    .action((options: CollectOptions) => collect(options));
}

async function collect(options: CollectOptions): Promise<void> {
  const print = (data: object, lines: readonly string[]) =>
    process.stdout.write(options.json ? `${JSON.stringify(data)}\n` : `${lines.join('\n')}\n`);
  const interrupt = onInterrupt(() => process.exit(1));
  const interrupted = new Promise((resolve) => {
    interrupt.signal.addEventListener('abort', resolve, { once: true });
  });
  tuneGarbageCollection();
  const collector = await startOnFreePorts(options);
  const { otlpUrl, queryUrl, warnings } = collector;
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const restored = collector.stats().restored;
  print({ otlpUrl, queryUrl, restored, warnings }, [
    `OTLP over HTTP  ${otlpUrl}`,
    `query API       ${queryUrl}/api/v3/services`,
    ...(options.file === undefined ? [] : [`file            ${options.file} (${restored} spans)`]),
    'Ctrl-C stops it.',
  ]);
  if (!interrupt.signal.aborted) await interrupted;
  await collector.stop();
  interrupt.off();
  const stats = collector.stats();
  print(stats, [summary(stats)]);
}

/** A default port that is taken gives way to a free one; a port asked for by name does not. */
async function startOnFreePorts(options: CollectOptions): Promise<Collector> {
  let { port, queryPort } = options;
  for (;;) {
    const wish: CollectorOptions = {
      port: port ?? DEFAULT_PORT,
      queryPort: queryPort ?? DEFAULT_QUERY_PORT,
      host: options.host,
      maxBytes: options.maxBytes,
      ...(options.file !== undefined && { file: options.file }),
    };
    try {
      return await startCollector(wish);
    } catch (error) {
      const { code, path, port: taken } = error as NodeJS.ErrnoException & { port?: number };
      if (path !== undefined && path === options.file) {
        throw new UsageError(`--file ${path}: ${(error as Error).message}`, { cause: error });
      }
      if (code !== 'EADDRINUSE') throw error;
      const isQuery = taken === wish.queryPort && taken !== wish.port;
      if ((isQuery ? options.queryPort : options.port) !== undefined) {
        const option = isQuery ? '--query-port' : '--port';
        throw new Error(
          `Port ${taken}, asked for with ${option} ${taken}, is taken; choose another, ` +
            `or ${option} 0 for any free one`,
        );
      }
      process.stderr.write(`port ${taken} is taken: a free one is used instead\n`);
      if (isQuery) queryPort = 0;
      else port = 0;
    }
  }
}

function summary(stats: CollectorStats): string {
  const accepted = Object.values(stats.acceptedByService).reduce((sum, count) => sum + count, 0);
  return (
    `${accepted} spans accepted, ${stats.rejected} rejected, ${stats.evicted} evicted; ` +
    `${stats.heldSpans} held in ${stats.heldTraces} traces`
  );
}

function port(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('It must be a whole number from 0 (any free port) to 65535.');
  }
  return Number(text);
}

function bytes(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < MIN_STORE_BYTES) {
    throw new InvalidArgumentError(`It must be a whole number of at least ${MIN_STORE_BYTES}.`);
  }
  return Number(text);
}
