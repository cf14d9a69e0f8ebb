import type { Analysis, Result } from '../analysis/analysis.ts';
import type { PauseGroup } from '../analysis/groups.ts';
import { clientSentence } from './clientSentence.ts';
import { count, countDiffers, decimal, duration, list, ms, plural } from './format.ts';
import type { Sentence } from './sentence.ts';

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
      clientSentence(result),
    ];
  }
  return [
    ...failures,
    ...analysis.groups.map((group) => groupSentence(group, analysis)),
    clientSentence(result),
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
  const all = analysis.groups.reduce((sum, one) => sum + (one.control ? 0 : one.pauses), 0);
  const everyMs = analysis.change[0]?.everyMs ?? null;
  const often =
    pauses > 1 && everyMs !== null ? `, one every ${duration((everyMs * all) / pauses)}` : '';
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

function additivitySentence({ additivity }: Analysis): Sentence[] {
  const { pauses, below, additive, boundMs, largestMs, beyond, evidence } = additivity;
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
  const what =
    beyond !== null && below >= 0.9 * pauses
      ? `at the median, those hurt took *${ms(beyond.ms)} ms* longer than baseline and pause explain, ` +
        `and the backlog explains at most ${ms(beyond.boundMs)}`
      : `only ${kept} did all requests succeed within baseline + pause + backlog (the slowest took ` +
        `*${ms(largestMs)} ms*, its bound was ${ms(boundMs)})`;
  return [{ tone: 'bad', text: `Not additive: ${what}${why}.` }];
}
