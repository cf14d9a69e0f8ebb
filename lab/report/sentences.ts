import type { Analysis, Result } from '../analysis/analysis.ts';
import type { PauseGroup } from '../analysis/groups.ts';
import { samplesBeyond } from '../analysis/percentiles.ts';
import type { TierPhase } from '../analysis/tierRows.ts';
import { visibleIfEveryMs } from '../model/percentile.ts';
import {
  count,
  countDiffers,
  decimal,
  differs,
  duration,
  list,
  ms,
  percent,
  plural,
  quantileMs,
  signedMs,
} from './format.ts';

/** A sentence of a report. What stands between two asterisks is the figure to look at. */
export interface Sentence {
  readonly tone: 'good' | 'plain' | 'bad';
  readonly text: string;
}

/** The run in one line: what was run, how hard, for how long, from which seed. */
export function subject({ run }: Result): string {
  const { mesh, phases } = run;
  const { rate, arrivals } = mesh.load;
  const lengths = phases
    .filter(({ name, load }) => name !== 'warmup' && load.intended > 0)
    .map(({ name, startUnixMs, endUnixMs }) => {
      const length = duration(Math.round((endUnixMs - startUnixMs) / 100) * 100);
      return name === 'pauses' ? `${length} with pauses` : `${length} ${name}`;
    });
  const load = `${count(rate)} requests/s (${arrivals === 'poisson' ? 'Poisson' : arrivals})`;
  return [mesh.name, load, ...lengths, `seed ${mesh.seed}`].join(' · ');
}

/** What happened, the most important first. */
export function headline(result: Result): Sentence[] {
  const { analysis, run } = result;
  const failures = run.failures.map((text): Sentence => ({ tone: 'bad', text }));
  if (analysis.tiers.every(({ baseline, pauses }) => !baseline && !pauses)) {
    return [...failures, { tone: 'bad', text: 'No data: no measured request left a trace.' }];
  }
  if (analysis.groups.length === 0) {
    return [
      ...failures,
      { tone: 'plain', text: 'No pause struck while the load ran.' },
      client(result),
    ];
  }
  return [
    ...failures,
    ...analysis.groups.map((group) => groupSentence(group, analysis)),
    client(result),
    ...additivitySentence(analysis),
  ];
}

function groupSentence(group: PauseGroup, analysis: Analysis): Sentence {
  const { service, kind, pauses, measuredMs, hit, queued, victims, expected, control } = group;
  const each = (value: number) => decimal(value / pauses, 1);
  if (control) {
    const middle = group.amplification[0]?.median ?? null;
    return {
      tone: 'plain',
      text:
        `*${plural(pauses, 'delay')} of ${ms(measuredMs.median)} ms* in ${service}, the control: one ` +
        'request sleeps, nothing stops. Those there meanwhile took ' +
        `*${decimal(middle, 2)} × D* longer at the median.`,
    };
  }
  const one = pauses === 1 ? 'it' : 'each';
  const of = victims === 0 ? '' : ` (${each(hit)} hit, ${each(queued)} queued behind it)`;
  const want = expected ? `; expected *${each(expected.hit + expected.queued)}*` : '';
  const off =
    expected && countDiffers(victims, expected.hit + expected.queued) ? ', which is far off' : '';
  const every = everyMs(analysis);
  const often = pauses > 1 && every !== null ? `, one every ${duration(every)}` : '';
  const wanted = group.requestedMs?.median ?? measuredMs.median;
  const missed = Math.abs(wanted - measuredMs.median) > 0.1 * wanted;
  const asked = missed ? `, ${ms(wanted)} ms asked for` : '';
  return {
    tone: off ? 'bad' : 'plain',
    text:
      `*${plural(pauses, 'pause')} of ${ms(measuredMs.median)} ms* in ${service} (${kind}${often}${asked}): ` +
      `${one} hurt *${each(victims)} requests*${of}${want}${off}.`,
  };
}

function client({ analysis }: Result): Sentence {
  const at = (percentile: number) =>
    analysis.change.find((one) => one.tier === 1 && one.percentile === percentile);
  const [p50, p99] = [at(0.5), at(0.99)];
  if (!p50 || !p99) return { tone: 'bad', text: 'No data at the client.' };
  if (p99.baselineMs === null && p99.pausesMs === null) {
    const slowest = analysis.tiers[0]?.pauses?.latency.maxMs ?? null;
    return {
      tone: 'plain',
      text: `Too few requests for a P99 at the client; the slowest took *${quantileMs(slowest)} ms*.`,
    };
  }
  if (analysis.tiers[0]?.baseline === null) {
    const after = `*${quantileMs(p99.pausesMs)} ms*`;
    return {
      tone: 'plain',
      text: `P99 at the client with pauses: ${after}. There is no baseline.`,
    };
  }
  const { changeMs, predictedMs } = p99;
  const off = changeMs !== null && predictedMs !== null && differs(changeMs, predictedMs, 5);
  const predicted = predictedMs === null ? '' : `, predicted *${signedMs(predictedMs)}*`;
  const verdict = off ? `, which is far off${whyOff(analysis)}` : '';
  const rare = predictedMs === 0 ? rarity(analysis) : '';
  const change = changeMs === null ? '' : ` (*${signedMs(changeMs)}*${predicted}${verdict})`;
  return {
    tone: off ? 'bad' : 'plain',
    text:
      `P99 at the client: *${quantileMs(p99.baselineMs)} → ${quantileMs(p99.pausesMs)} ms*${change}. ` +
      `P50: ${quantileMs(p50.baselineMs)} → ${quantileMs(p50.pausesMs)} ms.${rare}${failures(analysis)}`,
  };
}

/** Percentiles of a service that fails fast look well: how many failed belongs beside them. */
function failures({ tiers }: Analysis): string {
  const client = tiers[0];
  const share = (phase: TierPhase | null | undefined) =>
    phase ? percent((phase.errors + phase.dropped) / phase.requests) : 'no data';
  const [before, during] = [share(client?.baseline), share(client?.pauses)];
  return before === '0 %' && during === '0 %' ? '' : ` Failed: *${before} → ${during}*.`;
}

/** Why the pauses of the first group hide beyond P99. */
function rarity({ groups, services }: Analysis): string {
  const group = groups.find(({ control }) => !control);
  const utilization = group && services[group.service]?.utilization;
  if (!group || utilization == null) return '';
  const pauseMs = group.measuredMs.median;
  const needed = duration(visibleIfEveryMs(0.99, { pauseMs, utilization }));
  return ` Too rare for P99: ${ms(pauseMs)} ms shows there if it comes every ${needed} or sooner.`;
}

/** What can set P99 apart from the prediction, which knows of nothing but the pause's own queue. */
function whyOff({ tiers, groups, additivity }: Analysis): string {
  if (additivity.additive === false) return ', for the reasons below';
  const { baseline, pauses } = tiers[0] ?? {};
  const reasons: string[] = [];
  if (pauses && pauses.errors > 0.005 * pauses.requests) reasons.push('failures end early');
  const [p50, p99] = [baseline?.latency.p50Ms, baseline?.latency.p99Ms];
  if (typeof p50 === 'number' && typeof p99 === 'number' && p99 > 4 * p50) {
    reasons.push('the baseline has a tail of its own');
  }
  const bursts = groups.filter(
    ({ beyondMs, measuredMs }) => (beyondMs.median ?? 0) > 0.1 * measuredMs.median,
  );
  if (bursts.length > 0) reasons.push('the burst after a pause adds to it');
  return reasons.length > 0 ? `: ${list(reasons)}` : '';
}

function additivitySentence({ additivity }: Analysis): Sentence[] {
  const { pauses, below, additive, boundMs, largestMs, evidence } = additivity;
  if (additive === null || largestMs === null) return [];
  const kept = `in *${below} of ${pauses}* pauses`;
  if (additive) {
    return [
      {
        tone: 'good',
        text:
          `Additive: ${kept} no request took longer than baseline + pause + backlog; the slowest ` +
          `of all took *${ms(largestMs)} ms*, its bound was ${ms(boundMs)}.`,
      },
    ];
  }
  const { moreAttempts, queueWait, timeouts, failedVictims, overload } = evidence;
  const reasons = [
    ...moreAttempts.map(
      (row) =>
        `attempts per request at ${row.services.join('/')} rose from ${decimal(row.baseline, 2)} ` +
        `to ${decimal(row.pauses, 2)}`,
    ),
    ...(timeouts > 0 ? [`${plural(timeouts, 'attempt')} timed out`] : []),
    ...(failedVictims > 0 ? [`${plural(failedVictims, 'victim')} failed`] : []),
    ...queueWait.map(
      (row) =>
        `the wait for a slot at ${row.services.join('/')} grew from ${ms(row.baselineMs)} to ` +
        `${ms(row.pausesMs)} ms`,
    ),
    ...overload.map(
      ({ service, utilization, attemptsAllowed }) =>
        `retries alone can keep ${service} overloaded ` +
        `(ρ × attempts = ${decimal(utilization * attemptsAllowed, 2)} > 1)`,
    ),
  ];
  const why =
    reasons.length > 0
      ? `: ${list(reasons)}`
      : '; neither retries, time-outs nor queues explain it (see the run delay and the collections)';
  return [
    {
      tone: 'bad',
      text:
        `Not additive: only ${kept} did all requests succeed within baseline + pause + backlog (the ` +
        `slowest took *${ms(largestMs)} ms*, its bound was ${ms(boundMs)})${why}.`,
    },
  ];
}

function everyMs({ change }: Analysis): number | null {
  return change[0]?.everyMs ?? null;
}

/** What a reader must know to trust the figures, or not to. */
export function notes({ analysis, run }: Result): Sentence[] {
  return [
    ...(run.warnings ?? []).map((text): Sentence => ({ tone: 'bad', text: `${text}.` })),
    ...sampleNotes(analysis),
    ...pauseNotes(analysis),
    ...generatorNotes(analysis),
    ...traceNotes(analysis),
    spanNote({ analysis, run }),
    ...disturbanceNotes(analysis),
  ];
}

function sampleNotes({ tiers }: Analysis): Sentence[] {
  const phases = tiers.flatMap(({ baseline, pauses }) => [baseline, pauses]);
  const tooFew = (key: 'p50Ms' | 'p99Ms' | 'p999Ms') =>
    phases.some((phase) => phase && phase.latency[key] === null);
  const needs = [
    { name: 'P50', key: 'p50Ms' as const, samples: samplesBeyond * 2 },
    { name: 'P99', key: 'p99Ms' as const, samples: samplesBeyond * 100 },
    { name: 'P99.9', key: 'p999Ms' as const, samples: samplesBeyond * 1000 },
  ].filter(({ key }) => tooFew(key));
  if (needs.length === 0) return [];
  const text = list(needs.map(({ name, samples }) => `${name} from ${count(samples)} requests on`));
  return [
    {
      tone: 'plain',
      text: `“too few”: a percentile needs ${samplesBeyond} samples beyond it: ${text}.`,
    },
  ];
}

function pauseNotes({ groups, trouble }: Analysis): Sentence[] {
  const few = groups.filter(({ amplification, control }) => {
    const client = amplification[0];
    return client !== undefined && !client.enough && client.pauses > 0 && !control;
  });
  const shared = groups.filter((group) => group.shared > 0);
  return [
    ...shared.map(
      (group): Sentence => ({
        tone: 'plain',
        text:
          `${count(group.shared)} of the ${count(group.victims)} victims in ${group.service} ` +
          `(${group.kind}) were victims of another pause as well: counted with both, left out of extra/D.`,
      }),
    ),
    ...few.map(
      ({ service, kind, amplification }): Sentence => ({
        tone: 'plain',
        text:
          `extra/D in ${service} (${kind}) comes from the victims of ` +
          `${plural(amplification[0]?.pauses ?? 0, 'pause')}; ten would be better.`,
      }),
    ),
    ...(trouble.pausesOutside > 0
      ? [
          {
            tone: 'plain' as const,
            text: `${plural(trouble.pausesOutside, 'pause')} struck outside the measured load, in no table.`,
          },
        ]
      : []),
  ];
}

function generatorNotes({ trouble }: Analysis): Sentence[] {
  const sent = trouble.generator.reduce((sum, { sent }) => sum + sent, 0);
  const dropped = trouble.generator.reduce((sum, { dropped }) => sum + dropped, 0);
  const p99 = Math.max(0, ...trouble.generator.map(({ lateMs }) => lateMs.p99));
  const max = Math.max(0, ...trouble.generator.map(({ lateMs }) => lateMs.max));
  if (sent + dropped === 0) return [];
  return [
    {
      tone: dropped > 0 ? 'bad' : 'plain',
      text:
        `Load generator: ${count(sent)} sent, ${count(dropped)} dropped; late by ${ms(p99)} ms at ` +
        `P99, ${ms(max)} ms at most, which the latencies at the client contain.`,
    },
  ];
}

function traceNotes({ trouble }: Analysis): Sentence[] {
  const { requestsWithoutTrace, attemptsWithoutHandler } = trouble;
  return [
    ...(requestsWithoutTrace > 0
      ? [
          {
            tone: 'bad' as const,
            text: `Intended requests without a root span, in no figure: ${count(requestsWithoutTrace)}.`,
          },
        ]
      : []),
    ...(attemptsWithoutHandler > 0
      ? [
          {
            tone: 'plain' as const,
            text: `Attempts that reached no handler (refused, or given up before): ${count(attemptsWithoutHandler)}.`,
          },
        ]
      : []),
  ];
}

function spanNote({ analysis, run }: Pick<Result, 'analysis' | 'run'>): Sentence {
  const total = (key: 'ended' | 'stored' | 'dropped' | 'lost') =>
    analysis.spans.reduce<number | null>(
      (sum, row) => (sum === null || row[key] === null ? null : sum + row[key]),
      0,
    );
  const shown = (value: number | null) => (value === null ? 'an unknown number' : count(value));
  const [ended, stored, dropped, lost] = [
    total('ended'),
    total('stored'),
    total('dropped'),
    total('lost'),
  ];
  if (ended === null && stored === null) {
    return { tone: 'bad', text: 'Spans: nobody could be asked what became of them.' };
  }
  const evicted = run.collector?.evicted ?? 0;
  const losers = analysis.spans.filter(({ lost }) => lost !== null && lost > 0);
  const who = losers.map(({ service, lost }) => `${service} ${shown(lost)}`).join(', ');
  return {
    tone: lost === 0 && dropped === 0 ? 'plain' : 'bad',
    text:
      `Spans: ${shown(ended)} ended, ${shown(stored)} stored, ${shown(dropped)} dropped, ` +
      `*${shown(lost)} lost*${who === '' ? '' : ` (${who})`}${evicted > 0 ? `; ${count(evicted)} evicted from memory` : ''}.`,
  };
}

function disturbanceNotes({ trouble }: Analysis): Sentence[] {
  const collections = (phase: 'baseline' | 'pauses') =>
    trouble.services.reduce((sum, row) => sum + (row[phase]?.naturalCollections ?? 0), 0);
  const worst = (phase: 'baseline' | 'pauses') => {
    const shares = trouble.services.map((row) => row[phase]?.withoutCoreShare ?? 0);
    return percent(Math.max(0, ...shares));
  };
  if (!trouble.services.some(({ baseline, pauses }) => baseline || pauses)) return [];
  return [
    {
      tone: 'plain',
      text:
        'Besides, baseline → with pauses: major collections that V8 chose itself ' +
        `${count(collections('baseline'))} → ${count(collections('pauses'))}; the service that fared ` +
        `worst was ready but without a core ${worst('baseline')} → ${worst('pauses')} of the time.`,
    },
  ];
}
