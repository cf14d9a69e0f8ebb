import { styleText } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import { diagnose } from '../doctor/diagnose.ts';
import { gather } from '../doctor/gather.ts';
import { renderDiagnosis } from '../doctor/render.ts';
import { type TargetName, targets } from '../doctor/targets.ts';
import { progressOn } from '../progress.ts';
import type { Paint } from '../report/textTable.ts';
import { duration } from './numberOption.ts';
import { UsageError } from './usageError.ts';

/** Of Prometheus's samples, as they are, every one is read. */
const maxSinceMs = 12 * 3_600_000;

interface DoctorOptions extends Partial<Record<TargetName, string>> {
  readonly admin?: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly since: number;
  readonly json?: true;
}

/** `aftershock doctor`: the table (or `--json`) to stdout, what it waits for to stderr. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('follow one request from the client to the store; say where it stopped, and why')
    .option('--gateway <url>', 'the mesh (default: http://127.0.0.1:8080)', httpUrl)
    .option('--collector <url>', 'OTLP over HTTP (default: http://127.0.0.1:4318)', httpUrl)
    .option('--query <url>', "Jaeger's query API (default: http://127.0.0.1:16686)", httpUrl)
    .option('--prometheus <url>', 'its API (default: http://127.0.0.1:9090)', httpUrl)
    .option('--admin <name=url>', "a service's admin API, for its own counts; repeatable", admin)
    .addOption(
      new Option('--timeout <duration>', 'for each answer, and for the trace to be whole')
        .argParser(duration)
        .default(15_000, '15s'),
    )
    .addOption(
      new Option('--since <duration>', 'how far back to look for lost spans')
        .argParser(duration)
        .default(3_600_000, '60m'),
    )
    .option('--json', 'print data in place of the table')
    .addHelpText(
      'after',
      '\nEach URL can come from the environment: AFTERSHOCK_GATEWAY, _COLLECTOR, _QUERY, ' +
        '_PROMETHEUS;\nthe token of the admin APIs from ADMIN_TOKEN.\n' +
        '\nExamples:\n' +
        '  npm run aftershock -- doctor\n' +
        '  npm run aftershock -- doctor --gateway http://127.0.0.1:9000 --timeout 30s\n' +
        '  docker compose run --rm lab doctor',
    )
    .action((options: DoctorOptions) => doctor(options));
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { env } = process;
  const where = targets(options, env);
  for (const { url, variable } of Object.values(where)) {
    if (!isHttpUrl(url)) throw new UsageError(`${variable} must be an http URL, got "${url}"`);
  }
  const progress = progressOn(process.stderr);
  const evidence = await gather({
    targets: where,
    admins: options.admin ?? {},
    ...(env.ADMIN_TOKEN && { adminToken: env.ADMIN_TOKEN }),
    timeoutMs: options.timeout,
    sinceMs: Math.min(options.since, maxSinceMs),
    say: (line) => progress.live(line),
  });
  progress.clear();
  const diagnosis = diagnose(evidence);
  const isTerminal = process.stdout.isTTY === true;
  const paint: Paint = (style, text) =>
    isTerminal ? styleText(style, text, { validateStream: false }) : text;
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(diagnosis)}\n`
      : `\n${renderDiagnosis(diagnosis, paint, Math.min(process.stdout.columns ?? 100, 120))}`,
  );
  if (diagnosis.firstWrong !== null) process.exitCode = 1;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function httpUrl(text: string): string {
  if (!isHttpUrl(text)) {
    throw new InvalidArgumentError(
      'It must be an http or https URL, such as http://127.0.0.1:8080.',
    );
  }
  return text;
}

/** Collects `NAME=URL`. */
function admin(
  text: string,
  admins: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name = '', url = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '' || !isHttpUrl(url)) {
    throw new InvalidArgumentError('It must be NAME=URL, such as user=http://127.0.0.1:40123.');
  }
  return { ...admins, [name]: url };
}
