import { readdir } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';

/** Every file of this folder whose default export is a benchmark, by name. */
async function findBenchmarks(): Promise<Map<string, Benchmark>> {
  const found = new Map<string, Benchmark>();
  for (const file of (await readdir(import.meta.dirname)).toSorted()) {
    if (!file.endsWith('.ts') || file === 'main.ts') continue;
    const module = (await import(join(import.meta.dirname, file))) as { default?: Benchmark };
    if (module.default !== undefined) found.set(module.default.name, module.default);
  }
  return found;
}

function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

function isMet({ value, target }: BenchmarkRow): boolean | null {
  if (target === undefined || Number.isNaN(value)) return null;
  return target.relation === '<=' ? value <= target.value : value >= target.value;
}

function figure(value: number, moreDigits = 0): string {
  if (!Number.isFinite(value)) return 'no data';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-GB');
  return value.toFixed((Math.abs(value) >= 10 ? 1 : 2) + moreDigits);
}

/** With as many digits as it takes to tell it from its target. */
function figureBeside(value: number, target: BenchmarkRow['target']): string {
  const alike = target !== undefined && figure(value) === figure(target.value);
  return alike && value !== target.value ? figure(value, 2) : figure(value);
}

function printTable(benchmark: Benchmark, rows: readonly BenchmarkRow[]): void {
  const table = new Table({
    head: ['', 'median', 'min – max', 'runs', 'target', ''],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const { what, value, unit, min, max, runs, target } = row;
    const met = isMet(row);
    table.push([
      what,
      `${figureBeside(value, target)} ${unit}`,
      `${figure(min)} – ${figure(max)}`,
      runs,
      target === undefined ? '' : `${target.relation} ${figure(target.value)}`,
      met === null ? '' : met ? 'met' : 'missed',
    ]);
  }
  console.log(`\n${benchmark.name}: ${benchmark.description}\n${table.toString()}`);
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be from 1 to 999.');
  return Number(text);
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

const benchmarks = await findBenchmarks();
const program = new Command('npm run bench --')
  .description('Benchmarks: medians and spread of interleaved runs, held against their targets.')
  .argument('[name...]', `which ones (${[...benchmarks.keys()].join(', ')}); all by default`)
  .option('--runs <n>', 'runs of each (default: 5, or what suits it)', positiveInteger)
  .option('--only <words>', 'only settings whose title has all these words (victims)', words, [])
  .option('--keep <folder>', 'keep what each turn measured there, and go on from it (victims)')
  .option('--json', 'print the rows as JSON')
  .addHelpText('after', '\nExample: npm run bench -- chain --runs 3')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();
const { runs, only, keep, json } = program.opts<{
  runs?: number;
  only: readonly string[];
  keep?: string;
  json?: boolean;
}>();
const names = program.args.length > 0 ? program.args : [...benchmarks.keys()];
const unknown = names.filter((name) => !benchmarks.has(name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.map((name) => `"${name}"`).join(', ')}; ` +
      `there are ${[...benchmarks.keys()].join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const results: Record<string, readonly BenchmarkRow[]> = {};
  for (const name of names) {
    const benchmark = benchmarks.get(name) as Benchmark;
    const rows = await benchmark.run({
      runs: runs ?? benchmark.usualRuns ?? 5,
      only,
      folder: keep === undefined ? null : resolve(keep),
      say: (line) => console.error(`${name}: ${line}`),
    });
    results[name] = rows;
    if (!json) printTable(benchmark, rows);
  }
  if (json) console.log(JSON.stringify({ machine: machine(), benchmarks: results }, null, 2));
  else {
    const { cpu, cores, memoryGiB, platform, node } = machine();
    console.log(`\n${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
  }
}
