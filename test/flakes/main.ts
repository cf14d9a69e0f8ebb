import { availableParallelism, cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { onInterrupt } from '../../lab/commands/interrupt.ts';
import { seed as seedOption } from '../../lab/commands/numberOption.ts';
import { count, percent } from '../../lab/report/format.ts';
import { randomStream } from '../../mesh/random.ts';
import { type FlakesMesh, startFlakesMesh } from './flakesMesh.ts';
import { loadMachine, type MachineLoad } from './machineLoad.ts';
import { pauseServices } from './meshPauses.ts';
import { repeatRuns } from './repeatedRuns.ts';
import { readStoredTraces } from './storedTraces.ts';

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be from 1 to 999999.');
  return Number(text);
}

const program = new Command('npm run flakes --')
  .description(
    "Runs the mesh's trace tests (docs/examples/mesh and test/flakes/traces) again and again. Every core is\n" +
      'kept busy, gateway and auth are paused by gc, block and freeze at random, and user and store by\n' +
      'the tests themselves, while their requests are under way. A run is every test once, each request\n' +
      'in a trace of its own; the mesh and vitest stay up from run to run. Any failure is a flake.',
  )
  .option('--runs <n>', 'how often', positiveInteger, 1000)
  .option('--seed <number>', 'of the pauses at random; of run n it is this + n − 1', seedOption, 1)
  .addHelpText('after', '\nExample: npm run flakes -- --runs 100')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();
const { runs, seed } = program.opts<{ runs: number; seed: number }>();

const interrupt = onInterrupt(() => process.exit(1));
const broken = new AbortController();
const over = new AbortController();
const end = AbortSignal.any([interrupt.signal, broken.signal]);
let mesh: FlakesMesh | undefined;
let load: MachineLoad | undefined;
try {
  mesh = await startFlakesMesh({
    signal: end,
    onDeath: (sentence) => broken.abort(new Error(sentence)),
  });
  load = loadMachine();
  const cpu = cpus()[0]?.model ?? 'unknown';
  console.log(
    `${count(runs)} runs, seed ${seed}, ${load.processes} processes that compute all the time; ` +
      `${cpu}, ${availableParallelism()} cores, Node ${process.version}`,
  );
  let random = randomStream(seed, 'flakes');
  const pausing = pauseServices(
    mesh.stage,
    () => random(),
    AbortSignal.any([end, over.signal]),
  ).catch((error: Error) => broken.abort(error));

  const startMs = performance.now();
  const seconds = () => Math.round((performance.now() - startMs) / 1000);
  const seedOf = (run: number) => (seed + run - 1) >>> 0;
  let failed = 0;
  const outcome = await repeatRuns({
    ...{ runs, env: mesh.env, signal: end },
    onRun(run) {
      random = randomStream(seedOf(run), 'flakes');
      if ((run - 1) % Math.max(1, Math.round(runs / 20)) === 0) {
        console.log(`run ${run} of ${count(runs)}, ${seconds()} s, ${failed} failures so far`);
      }
    },
    onFailure({ run, test, message }) {
      const text = failed++ < 40 ? message : (message.split('\n')[0] ?? '');
      console.log(`run ${run}, seed ${seedOf(run)}: ${test}\n${text}\n`);
    },
  }).finally(() => over.abort());
  await pausing;

  const idle = load.idleShare();
  const { traces, paused, pauses } = await readStoredTraces(mesh.tracesFile);
  const kinds = [...pauses].map(([kind, made]) => `${count(made)} ${kind}`).join(', ');
  const flaky = [...new Set(outcome.failures.map(({ run }) => run))];
  const isIncomplete = ({ message }: { message: string }) =>
    message.includes('was not whole within');
  if (end.aborted) console.log((end.reason as Error).message);
  console.log(
    [
      `${count(outcome.tests)} tests in ${seconds()} s; cores idle for ${percent(idle)} of it`,
      `pauses: ${kinds}; ${count(paused)} of ${count(traces)} traces were hit by one`,
      `traces incomplete: ${outcome.failures.filter(isIncomplete).length}`,
      ...(flaky.length > 0 ? [`seeds of flakes: ${flaky.map(seedOf).join(', ')}`] : []),
      `${count(outcome.runs)}${outcome.runs < runs ? ` of ${count(runs)}` : ''} runs of the mesh's ` +
        `trace tests under CPU load with pauses injected: ${flaky.length} flakes`,
    ].join('\n'),
  );
  if (flaky.length > 0 || outcome.runs < runs) process.exitCode = 1;
} finally {
  load?.stop();
  await mesh?.stop();
  interrupt.off();
}
