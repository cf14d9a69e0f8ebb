import { availableParallelism, cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { createVitest } from 'vitest/node';
import { onInterrupt } from '../../lab/commands/interrupt.ts';
import { seed as seedOption } from '../../lab/commands/numberOption.ts';
import { randomStream } from '../../mesh/random.ts';
import { type ExampleMesh, startExampleMesh } from './exampleMesh.ts';
import { loadMachine } from './machineLoad.ts';
import { pauseServices } from './meshPauses.ts';

interface Failure {
  readonly run: number;
  readonly test: string;
  readonly message: string;
}

interface Outcome {
  readonly runs: number;
  readonly tests: number;
  readonly failures: readonly Failure[];
}

/** Runs the mesh's trace tests `runs` times in one warm vitest, or until `signal` aborts. */
async function repeat(
  mesh: ExampleMesh,
  { runs, signal }: { readonly runs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const ours = signals.map((name) => process.listeners(name));
  const vitest = await createVitest('test', {
    root: 'docs/examples',
    watch: false,
    // Ctrl-C goes to every process of the terminal: those of a pool would end before this one.
    pool: 'threads',
    isolate: false,
    reporters: [{}],
    env: mesh.env,
  });
  // Vitest would end this process at once, without a result.
  for (const [i, name] of signals.entries()) {
    for (const listener of process.listeners(name)) {
      if (!ours[i]?.includes(listener)) process.off(name, listener);
    }
  }
  const failures: Failure[] = [];
  let done = 0;
  let tests = 0;
  const startMs = performance.now();
  try {
    await vitest.standalone();
    const specifications = await vitest.globTestSpecifications(['mesh/']);
    while (done < runs && !signal.aborted) {
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
      done++;
      const found = unhandledErrors.map((error) => ({ test: 'outside the tests', error }));
      let seen = 0;
      for (const module of testModules) {
        for (const { message } of module.errors()) found.push({ test: 'file', error: message });
        for (const test of module.children.allTests()) {
          const { state, errors } = test.result();
          if (state === 'passed') seen++;
          else found.push({ test: test.name, error: errors?.[0]?.message ?? state });
        }
      }
      // A run in which nothing ran is none that passed.
      if (seen + found.length === 0) found.push({ test: 'none', error: 'no test ran' });
      tests += seen + found.length;
      for (const { test, error } of found) {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failures.push({ run: done, test, message });
        console.log(`run ${done}: ${test}\n${message}\n`);
      }
      if (done % Math.max(1, Math.round(runs / 20)) === 0) {
        const seconds = Math.round((performance.now() - startMs) / 1000);
        console.log(`${done} of ${runs} runs, ${failures.length} failures, ${seconds} s`);
      }
    }
  } finally {
    await vitest.close();
  }
  return { runs: done, tests, failures };
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be from 1 to 999999.');
  return Number(text);
}

const program = new Command('npm run flakes --')
  .description(
    "Runs the mesh's trace tests (docs/examples/mesh) again and again: every core is kept busy, and the\n" +
      'services are paused by gc, block and freeze, one pause after the other. Any failure is a flake.',
  )
  .option('--runs <n>', 'how often', positiveInteger, 1000)
  .option('--seed <number>', 'of services, kinds and times of the pauses', seedOption, 1)
  .addHelpText('after', '\nExample: npm run flakes -- --runs 100')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();
const { runs, seed } = program.opts<{ runs: number; seed: number }>();

const interrupt = onInterrupt(() => process.exit(1));
const broken = new AbortController();
const over = new AbortController();
const end = AbortSignal.any([interrupt.signal, broken.signal]);
let mesh: ExampleMesh | undefined;
let load: ReturnType<typeof loadMachine> | undefined;
try {
  mesh = await startExampleMesh({
    signal: end,
    onDeath: (sentence) => broken.abort(new Error(sentence)),
  });
  load = loadMachine();
  const cpu = cpus()[0]?.model ?? 'unknown';
  console.log(
    `${runs} runs, seed ${seed}, ${load.processes} processes that compute all the time; ` +
      `${cpu}, ${availableParallelism()} cores, Node ${process.version}`,
  );
  const pausing = pauseServices(
    mesh.stage,
    randomStream(seed, 'flakes'),
    AbortSignal.any([end, over.signal]),
  ).catch((error: Error) => {
    broken.abort(error);
    return null;
  });
  const outcome = await repeat(mesh, { runs, signal: end }).finally(() => over.abort());
  const pauses = await pausing;
  const flaky = new Set(outcome.failures.map(({ run }) => run)).size;
  const under =
    pauses === null
      ? 'pauses that ended early'
      : `${pauses.gc} gc, ${pauses.block} block and ${pauses.freeze} freeze pauses ` +
        `(${pauses.refused} collections refused as too short)`;
  if (end.aborted) console.log((end.reason as Error).message);
  console.log(
    `${outcome.runs} of ${runs} runs (${outcome.tests} tests) under ${under}: ${flaky} flakes`,
  );
  if (flaky > 0 || outcome.runs < runs) process.exitCode = 1;
} finally {
  load?.stop();
  await mesh?.stop();
  interrupt.off();
}
