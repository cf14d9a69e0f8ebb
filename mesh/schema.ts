import * as z from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import {
  duration,
  durationText,
  type Issue,
  list,
  milliseconds,
  mustBe,
  name,
  oneOf,
  real,
  strict,
  text,
  typeMustBe,
  whole,
} from './fields.ts';
import { show, suggestion } from './mistakes.ts';

/** Every default of a mesh file, as one would write it there. `read.ts` adds those that depend on other keys. */
const defaults = {
  description: '',
  seed: 1,
  service: { port: 0, concurrency: null, queue: null },
  call: { timeout: '1s', retries: 0, deadline: null, recheck: false },
  backoff: { base: '25ms', factor: 2, jitter: 0.5 },
  pause: { kind: 'gc', phase: 'poll' },
  load: { rate: 100, arrivals: 'poisson', timeout: '2s', maxInFlight: 1000 },
  durations: { warmup: '5s', baseline: '15s', pauses: '36s' },
} as const;

const programs = ['gateway', 'auth', 'user', 'relay'] as const;
const kinds = ['gc', 'block', 'freeze', 'delay'] as const;

/** A pause kind that is the path of a module. */
export const modulePattern = /[/\\]|\.[cm]?[jt]s$/;

const distributionExample =
  'a length of time such as 5ms, or a map: {type: lognormal, median: 5ms, sigma: 0.3}, ' +
  '{type: exponential, mean: 5ms} or {type: constant, value: 5ms}';

const distribution = z
  .union(
    [
      z.codec(
        durationText('zero'),
        strict({ type: z.literal('constant'), value: milliseconds('zero') }),
        {
          decode: (written) => ({ type: 'constant' as const, value: parseDuration(written) }),
          encode: ({ value }) => formatDuration(value),
        },
      ),
      z.discriminatedUnion(
        'type',
        [
          strict({
            type: z.literal('constant'),
            value: duration('zero').describe('The same each time.'),
          }),
          strict({
            type: z.literal('lognormal'),
            median: duration('above zero').describe('Half of all are shorter.'),
            sigma: real(0, 3).describe(
              'Spread: standard deviation of the logarithm. 0.3: the 99th percentile is twice the median; 1: ten times.',
            ),
          }),
          strict({
            type: z.literal('exponential'),
            mean: duration('above zero').describe(
              'The average; the 99th percentile is 4.6 times it.',
            ),
          }),
        ],
        { error: typeMustBe('constant, lognormal, exponential') },
      ),
    ],
    { error: mustBe(distributionExample) },
  )
  .meta({
    id: 'distribution',
    description:
      'How long: `5ms` is the same each time; lognormal and exponential are drawn anew each time, from the seed.',
  });

const call = strict({
  to: name('the name of a service').describe('Name of the called service.'),
  timeout: duration('above zero')
    .prefault(defaults.call.timeout)
    .describe(
      'Time that one attempt may take, from sending to the last byte of the answer. Longer than what the callee allows itself for its own calls, or its work is wasted.',
    ),
  retries: whole(0, 10)
    .default(defaults.call.retries)
    .describe(
      'Attempts after the first, when an attempt failed. They multiply from layer to layer: 2 here and 2 below make up to 9 calls at the far end.',
    ),
  backoff: strict({
    base: duration('zero')
      .prefault(defaults.backoff.base)
      .describe('Waiting before the second attempt.'),
    factor: real(1, 10)
      .default(defaults.backoff.factor)
      .describe('Each further wait is this many times the one before.'),
    jitter: real(0, 1)
      .default(defaults.backoff.jitter)
      .describe('Each wait is shortened or lengthened at random by up to this share of it.'),
  })
    .prefault({})
    .describe('Waiting between attempts: base · factor^(attempt − 1), ± jitter.'),
  deadline: duration('above zero')
    .nullable()
    .prefault(defaults.call.deadline)
    .describe(
      "Time for all attempts together, passed on to the callee. null: only the caller's own deadline.",
    ),
  recheck: z
    .boolean({ error: mustBe('true or false') })
    .default(defaults.call.recheck)
    .describe(
      'Look at the socket once more when the time is over, and take the whole answer if it is there: a caller that was paused itself finds its timer before it finds the answer.',
    ),
}).meta({ id: 'call', description: 'One outgoing call.' });

function stepMustBe(keys: readonly string[]) {
  return ({ input }: Issue) => {
    const [key, second] = Object.keys(typeof input === 'object' && input !== null ? input : {});
    if (key === 'parallel') return 'is a parallel in a parallel; write its steps in the outer one';
    return key === undefined || second !== undefined || Array.isArray(input)
      ? mustBe(`a map with exactly one of the keys ${keys.join(', ')}`)({ input })
      : `unknown step ${show(key)}${suggestion(key, keys)}`;
  };
}

const action = {
  cpu: strict({ cpu: distribution }).describe('Compute: the loop is busy, nothing else runs.'),
  wait: strict({ wait: distribution }).describe('Wait, as for a disk or a peer: the loop is free.'),
  call: strict({ call }).describe('Call another service and wait for its answer.'),
};

const step = z
  .union(
    [
      action.cpu,
      action.wait,
      action.call,
      strict({
        parallel: list(
          z.union([action.cpu, action.wait, action.call], {
            error: stepMustBe(['cpu', 'wait', 'call']),
          }),
          100,
          'steps',
        )
          .min(1, { error: mustBe('a list of at least 1 step') })
          .describe('Steps that begin together.'),
      }).describe('Begin all these steps at once, and go on when the last one has ended.'),
    ],
    { error: stepMustBe(['cpu', 'wait', 'call', 'parallel']) },
  )
  .meta({ id: 'step', description: 'One step of a script: cpu, wait, call or parallel.' });

const service = strict({
  program: oneOf(programs)
    .optional()
    .describe(
      "Which program of services/ runs. By default the one of the service's own name, else relay.",
    ),
  port: whole(0, 65535)
    .default(defaults.service.port)
    .describe('Port that it listens on. 0: any free one.'),
  concurrency: whole(1, 100_000)
    .nullable()
    .default(defaults.service.concurrency)
    .describe('Requests worked on at once; the next ones wait for their turn. null: no limit.'),
  queue: whole(0, 100_000)
    .nullable()
    .default(defaults.service.queue)
    .describe(
      'Requests that may wait for their turn before the next is refused with 503. null: no limit. Needs concurrency.',
    ),
  script: list(step, 100, 'steps')
    .prefault([])
    .describe('What the service does for a request, in order.'),
}).meta({ id: 'service', description: 'One process.' });

const everyExample =
  'a length of time such as 3s, or a map: {type: poisson, mean: 3s} or {type: fixed, value: 3s}';

const pause = strict({
  service: name('the name of a service').describe('The service that pauses.'),
  kind: z
    .string({ error: mustBe(`one of ${kinds.join(', ')}, or a path to a module`) })
    .refine((kind) => (kinds as readonly string[]).includes(kind) || modulePattern.test(kind), {
      error: ({ input }) =>
        `unknown kind ${show(input)}${suggestion(String(input), kinds)}, or a path to a module such as ./my-pause.ts`,
    })
    .default(defaults.pause.kind)
    .meta({
      description:
        'gc: a real Mark-Compact. block: the thread is busy. freeze: the whole process is stopped. delay: not a pause but the control: requests sleep, the thread stays free. Or a path, from the folder of this file, to a module whose default export makes a strategy.',
      examples: [...kinds],
    }),
  duration: distribution.describe('How long each pause lasts.'),
  every: z
    .union(
      [
        z.codec(
          durationText('above zero'),
          strict({ type: z.literal('fixed'), value: milliseconds('above zero') }),
          {
            decode: (written) => ({ type: 'fixed' as const, value: parseDuration(written) }),
            encode: ({ value }) => formatDuration(value),
          },
        ),
        z.discriminatedUnion(
          'type',
          [
            strict({
              type: z.literal('fixed'),
              value: duration('above zero').describe('The same each time.'),
            }),
            strict({
              type: z.literal('poisson'),
              mean: duration('above zero').describe(
                'The average; each time is drawn anew, independent of the others.',
              ),
            }),
          ],
          { error: typeMustBe('fixed, poisson') },
        ),
      ],
      { error: mustBe(everyExample) },
    )
    .nullable()
    .default(null)
    .describe(
      "Time from one pause's start to the next one's: `3s` always the same, {type: poisson, mean: 3s} at random. Either every or once.",
    ),
  once: duration('zero')
    .nullable()
    .default(null)
    .describe('A single pause, this long after the pauses begin. Either every or once.'),
  phase: oneOf(['poll', 'check', 'timers'])
    .default(defaults.pause.phase)
    .describe(
      'Where in the event loop it strikes. After a pause in poll or check, time-outs fire although the answer has come; after one in timers, the answer wins.',
    ),
}).meta({ id: 'pause', description: 'Pauses in one service.' });

/** A mesh file; decoding gives the mesh but for what depends on other keys, encoding the file. */
export const meshSchema = strict({
  version: z
    .literal(1, {
      error: ({ input }) =>
        input === undefined
          ? 'is missing: must be 1, the version that this program reads'
          : `unknown version ${show(input)}; this program reads version 1`,
    })
    .describe('Version of the file format.'),
  name: text(100).optional().describe("The mesh's name. By default the file's."),
  description: text(2000).default(defaults.description).describe('What the mesh shows.'),
  seed: whole(0, 2 ** 32 - 1)
    .default(defaults.seed)
    .describe('All chance in a run comes from this number.'),
  entry: name('the name of a service')
    .optional()
    .describe('The service that the client calls. By default the first one.'),
  services: z
    .record(name('a service name'), service, {
      error: (issue) =>
        issue.code === 'invalid_key'
          ? mustBe(
              'a service name: lower-case letters, digits and "-", a letter first, at most 63',
            )({
              input: issue.path?.at(-1),
            })
          : mustBe('a map of services')(issue),
    })
    .describe('Name → what it does. A service is called by its name.'),
  pauses: list(pause, 100, 'pauses').prefault([]).describe('The pauses of the experiment.'),
  load: strict({
    rate: real(0.001, 100_000).default(defaults.load.rate).describe('Intended requests a second.'),
    arrivals: oneOf(['constant', 'poisson'])
      .default(defaults.load.arrivals)
      .describe(
        'constant: evenly spaced. poisson: independent of each other, as from many users. Send times are fixed in advance either way.',
      ),
    timeout: duration('above zero')
      .prefault(defaults.load.timeout)
      .describe('Time that the client waits for an answer.'),
    maxInFlight: whole(1, 100_000)
      .default(defaults.load.maxInFlight)
      .describe('Requests that may be open at once; one beyond it is dropped and counted.'),
  })
    .prefault({})
    .describe('What the client sends.'),
  durations: strict({
    warmup: duration('zero')
      .prefault(defaults.durations.warmup)
      .describe('Load before anything is measured.'),
    baseline: duration('above zero')
      .prefault(defaults.durations.baseline)
      .describe('Load without pauses.'),
    pauses: duration('above zero')
      .prefault(defaults.durations.pauses)
      .describe('The same load with pauses.'),
  })
    .prefault({})
    .describe("Lengths of the experiment's parts."),
});

/** A mesh before the defaults that depend on other keys. */
export type MeshDraft = z.output<typeof meshSchema>;
