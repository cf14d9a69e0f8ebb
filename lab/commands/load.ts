import { Command, Option } from 'commander';
import { formatDuration } from '../../mesh/duration.ts';
import type { Milliseconds } from '../../mesh/mesh.ts';
import { checkMesh, readMesh } from '../../mesh/read.ts';
import { describe } from '../describe.ts';
import { exportEnvironment } from '../launch/exportEnvironment.ts';
import { entryRoute } from '../load/entryRoute.ts';
import type { LoadSnapshot } from '../load/generator.ts';
import { LapLog } from '../load/lapLog.ts';
import { LoadProcess } from '../load/loadProcess.ts';
import { onInterrupt } from './interrupt.ts';
import { duration, positiveNumber, seed } from './numberOption.ts';
import { urlFrom } from './outsideOptions.ts';
import { httpUrl } from './urlOption.ts';
import { UsageError } from './usageError.ts';

interface LoadOptions {
  readonly target: string;
  readonly mesh: string;
  readonly collector?: string;
  readonly rate?: number;
  readonly duration?: Milliseconds;
  readonly every: Milliseconds;
  readonly seed?: number;
  readonly json?: true;
}

const defaultCollectorUrl = 'http://127.0.0.1:4318';
const readyTimeoutMs = 30_000;
const probeTimeoutMs = 2000;
const stopTimeoutMs = 10_000;

/** `aftershock load`: a line now and then to stdout, as JSON with `--json`; trouble to stderr. */
export function loadCommand(): Command {
  return new Command('load')
    .description('steady open-loop load on a mesh that runs already, until it is ended')
    .addOption(
      new Option('--target <url>', 'the service that the client calls')
        .argParser(httpUrl)
        .default('http://127.0.0.1:8080'),
    )
    .option('--mesh <file>', 'mesh file: rate, arrivals, timeout and path', 'mesh/chain.yaml')
    .addOption(
      new Option(
        '--collector <url>',
        'where the root spans go: base URL of OTLP over HTTP (default: AFTERSHOCK_COLLECTOR, or ' +
          `${defaultCollectorUrl})`,
      ).argParser(httpUrl),
    )
    .addOption(
      new Option('--rate <number>', 'intended requests per second').argParser(positiveNumber),
    )
    .addOption(
      new Option('--duration <time>', 'ends by itself after this time').argParser(duration),
    )
    .addOption(
      new Option('--every <time>', 'a line about so much of it')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(new Option('--seed <number>', 'all chance comes from it').argParser(seed))
    .option('--json', 'print data in place of sentences')
    .addHelpText(
      'after',
      '\nExample:\n  npm run aftershock -- load --target http://127.0.0.1:8080 --rate 20',
    )
    .action((options: LoadOptions) => load(options));
}

async function load(options: LoadOptions): Promise<void> {
  const file = readMesh(options.mesh);
  const mesh = checkMesh(
    { ...file, load: { ...file.load, rate: options.rate ?? file.load.rate } },
    `${options.mesh} with the options given`,
  );
  const origin = originOf(options.target);
  const route = entryRoute(mesh);
  const collectorUrl =
    options.collector ?? urlFrom(process.env, 'AFTERSHOCK_COLLECTOR') ?? defaultCollectorUrl;
  const print = (data: object, line: string) =>
    process.stdout.write(`${options.json === true ? JSON.stringify(data) : line}\n`);
  const say = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const log = new LapLog(origin);
  const addLap = (lap: LoadSnapshot) => {
    if (lap.intended === 0 && lap.succeeded + lap.failed === 0) return;
    const at = new Date();
    const { line, news } = log.add(lap, at);
    if (news !== null) say(news);
    print({ type: 'lap', at, ...lap }, line);
  };

  const interrupt = onInterrupt(() => process.exit(1));
  const generator = await LoadProcess.launch({
    env: {
      ...exportEnvironment(collectorUrl, process.env),
      // Small batches: what is being serialised cannot be sent on time.
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '128',
    },
    readyTimeoutMs,
    onChild: (child) => process.once('exit', () => child.kill()),
  });
  try {
    const { duration, every: lapMs } = options;
    say(
      `${mesh.load.rate} requests/s (${mesh.load.arrivals}) to ${origin}${route} ` +
        `${duration === undefined ? 'until Ctrl-C' : `for ${formatDuration(duration)}`}; ` +
        `spans of service "load" to ${collectorUrl}`,
    );
    const silence = await whyNoAnswer(`${origin}/health`);
    if (silence !== null) {
      say(`${origin} does not answer yet: ${silence}; requests fail until it does`);
      log.startSilent(new Date());
    }
    const played = await generator.play(
      {
        type: 'play',
        phase: 'steady',
        load: mesh.load,
        origin,
        route,
        durationMs: duration ?? null,
        lapMs,
        seed: options.seed ?? mesh.seed,
        stream: 'load',
      },
      interrupt.signal,
      addLap,
    );
    if (!generator.child.running && !interrupt.signal.aborted) {
      throw new Error(generator.child.describeExit());
    }
    addLap(played.snapshot);
    if (!(await generator.child.stop(stopTimeoutMs))) {
      say(`the load generator had not stopped after ${stopTimeoutMs / 1000} s: killed`);
    }
    const { totals } = log;
    const { spans } = generator;
    const account = spans === null ? '' : `; spans: ${spans.ended} ended, ${spans.dropped} dropped`;
    print(
      { type: 'total', ...totals, spans },
      `in all: ${totals.intended} requests, ${totals.failed} failed` +
        `${totals.dropped > 0 ? ` (${totals.dropped} of them not sent)` : ''}${account}`,
    );
  } finally {
    generator.child.kill();
    interrupt.off();
  }
}

/** @throws {UsageError} if `target` is more or less than the address of a service. */
function originOf(target: string): string {
  const { protocol, origin, pathname } = new URL(target);
  if (protocol !== 'http:' || pathname !== '/') {
    throw new UsageError(
      `--target ${target}: it must be http://host:port without a path; what is called there ` +
        'follows from the mesh',
    );
  }
  return origin;
}

/** Why `url` cannot be reached; null if anything answers there. */
async function whyNoAnswer(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs) });
    await response.body?.cancel();
    return null;
  } catch (error) {
    return describe(error instanceof TypeError ? error.cause : error);
  }
}
