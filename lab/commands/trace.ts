import { Command, InvalidArgumentError, Option } from 'commander';
import { type TestSource, testOf } from '../../traces/asTest/testOf.ts';
import { diffTraceSets } from '../../traces/diff/diffSets.ts';
import { diffTraces } from '../../traces/diff/diffTraces.ts';
import { choices } from '../trace/chooseTraces.ts';
import { diffData, traceData } from '../trace/data.ts';
import { sideOf, typical } from '../trace/diffSides.ts';
import { findTrace, isIdLike } from '../trace/findTrace.ts';
import { chosen, type ListOptions, listed, showList } from '../trace/listTraces.ts';
import { defaultSource, openStore } from '../trace/openStore.ts';
import { screenOf } from '../trace/paint.ts';
import { showDiff } from '../trace/showDiff.ts';
import { showSetDiff } from '../trace/showSetDiff.ts';
import { showTrace } from '../trace/showTrace.ts';
import type { Holding, TraceStore } from '../trace/traceStore.ts';
import { duration } from './numberOption.ts';
import { UsageError } from './usageError.ts';

interface TraceCommandOptions {
  readonly source: string;
  readonly as: 'text' | 'test';
  readonly only?: 'paused' | 'failed';
  readonly limit: number;
  readonly since: number;
  readonly json?: true;
}

/** `aftershock trace`: what was asked for goes to stdout, warnings to stderr. */
export function traceCommand(): Command {
  return new Command('trace')
    .description('look at a trace, write a test for it, or say what differs between two')
    .usage('[options] [ID | diff A B]')
    .argument('[words...]', 'a trace id, or the beginning of one; without: the slowest traces')
    .option(
      '--source <url|path>',
      "Jaeger, Tempo or the embedded collector; a file of OTLP JSON lines, or a run's folder",
      process.env.AFTERSHOCK_QUERY || defaultSource,
    )
    .addOption(
      new Option('--as <form>', '`test` prints a vitest test')
        .choices(['text', 'test'])
        .default('text'),
    )
    .addOption(new Option('--only <what>', 'of the list').choices(['paused', 'failed']))
    .option('--limit <number>', 'traces in the list', limit, 10)
    .addOption(
      new Option('--since <duration>', 'how far back to search a URL')
        .argParser(duration)
        .default(3_600_000, '60m'),
    )
    .option('--json', 'print data in place of text')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  npm run aftershock -- trace --source runs/latest\n' +
        '  npm run aftershock -- trace 4bf92f3577b34da6a3ce929d0e0e4736 --source http://127.0.0.1:16686\n' +
        '  npm run -s aftershock -- trace 4bf9 --as test > test/users.test.ts\n' +
        '  npm run aftershock -- trace diff 4bf9 73d0\n' +
        '  npm run aftershock -- trace diff "#unpaused" "#paused"\n' +
        `\nA and B: trace ids, files, or either with # and one of: ${choices}`,
    )
    .action((words: readonly string[], options: TraceCommandOptions) =>
      traceAction(words, options),
    );
}

async function traceAction(words: readonly string[], options: TraceCommandOptions): Promise<void> {
  const [word, ...others] = words;
  if (word === 'diff') return diff(others, options);
  if (others.length > 0) {
    throw new UsageError(
      `trace takes one id, or \`diff A B\`; it got ${words.map((each) => JSON.stringify(each)).join(' ')}`,
    );
  }
  if (word !== undefined && !isIdLike(word)) {
    throw new UsageError(
      `${JSON.stringify(word)} is no trace id: it must be 32 hex digits, such as ` +
        '4bf92f3577b34da6a3ce929d0e0e4736; `trace` without an id lists what is there',
    );
  }
  const store = await openStore(options.source, { sinceMs: options.since, nowMs: Date.now });
  if (word === undefined) return list(store, options);
  const { trace, holding } = await findTrace(store, word);
  warn(holding);
  if (options.as === 'test') {
    process.stdout.write(testOf(trace, testSource(store)));
    return;
  }
  const screen = screenOf(process.stdout, process.env);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(traceData(trace))}\n`
      : showTrace(trace, holding.pauses, screen),
  );
}

async function diff(sides: readonly string[], options: TraceCommandOptions): Promise<void> {
  const [wordA, wordB, ...more] = sides;
  if (wordA === undefined || wordB === undefined || more.length > 0) {
    throw new UsageError(
      'diff compares two: `trace diff A B`, each a trace id, a file, or a file with # and one of: ' +
        choices,
    );
  }
  const how = { sinceMs: options.since, nowMs: Date.now };
  const a = await sideOf(wordA, options.source, how);
  const b = await sideOf(wordB, options.source, how);
  for (const warning of [...a.warnings, ...b.warnings]) process.stderr.write(`${warning}\n`);
  const screen = screenOf(process.stdout, process.env);
  if (a.traces.length > 1 && b.traces.length > 1) {
    const found = diffTraceSets(a.traces, b.traces);
    const text = () => showSetDiff(found, { a: a.name, b: b.name }, screen);
    process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : text());
    return;
  }
  for (const { name, traces } of [a, b]) {
    if (traces.length === 1) continue;
    process.stderr.write(
      `Of ${name}, ${traces.length} traces, the one of median duration is taken\n`,
    );
  }
  const found = diffTraces(typical(a.traces), typical(b.traces));
  process.stdout.write(
    options.json === true ? `${JSON.stringify(diffData(found))}\n` : showDiff(found, screen),
  );
}

async function list(store: TraceStore, options: TraceCommandOptions): Promise<void> {
  const holding = await store.all();
  warn(holding);
  const rows = listed(holding);
  const wanted: ListOptions = { limit: options.limit, only: options.only ?? null };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(chosen(rows, wanted))}\n`
      : showList(store, rows, wanted, screenOf(process.stdout, process.env)),
  );
}

function testSource({ code }: TraceStore): TestSource {
  switch (code.kind) {
    case 'file':
      return { className: 'FileSource', argument: code.path };
    case 'jaeger':
      return { className: 'JaegerSource', argument: code.url };
    case 'tempo':
      return { className: 'TempoSource', argument: code.url };
  }
}

function warn({ warnings }: Holding): void {
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
}

function limit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
  }
  return Number(text);
}
