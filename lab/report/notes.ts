import type { Analysis, Result } from '../analysis/analysis.ts';
import { samplesBeyond } from '../analysis/percentiles.ts';
import { count, list, ms, percent, plural } from './format.ts';
import type { Sentence } from './sentence.ts';

/** What a reader must know to trust the figures, or not to. */
export function notes({ analysis, run }: Result): Sentence[] {
  return [
    ...(run.warnings ?? []).map((text): Sentence => ({ tone: 'bad', text: `${text}.` })),
    ...sampleNotes(analysis),
    ...pauseNotes(analysis),
    ...generatorNotes(analysis),
    ...traceNotes(analysis),
    ...timeoutNotes(analysis),
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

function timeoutNotes({ trouble }: Analysis): Sentence[] {
  const { all, spurious, undetermined, taken } = trouble.timeouts;
  const parts = [
    ...(spurious > 0
      ? [
          `*${count(spurious)} spurious*: the answer lay on the caller’s machine in time, its thread stood still`,
        ]
      : []),
    ...(undetermined > 0 ? [`${count(undetermined)} perhaps so`] : []),
  ];
  const without = spurious > 0 ? ` Without them: ${count(all - spurious)}.` : '';
  return [
    ...(parts.length > 0
      ? [
          {
            tone: 'plain' as const,
            text: `Time-outs: ${count(all)}, of them ${parts.join('; ')}.${without}`,
          },
        ]
      : []),
    ...(taken > 0
      ? [
          {
            tone: 'plain' as const,
            text: `Answers found by looking once more after the time-out, and taken: ${count(taken)}.`,
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
  // Accepted by a collector outside is not yet stored: what counts is what could be read back.
  const where = run.outside ? ` (read back from ${run.outside.queryUrl})` : '';
  const who = losers.map(({ service, lost }) => `${service} ${shown(lost)}`).join(', ');
  return {
    tone: lost === 0 && dropped === 0 ? 'plain' : 'bad',
    text:
      `Spans: ${shown(ended)} ended, ${shown(stored)} stored${where}, ${shown(dropped)} dropped, ` +
      `*${shown(lost)} lost*${who === '' ? '' : ` (${who})`}${evicted > 0 ? `; ${count(evicted)} evicted from memory` : ''}.`,
  };
}

/** A service that waits for a core more often than this no longer shows what its pauses do. */
const starvedShare = 0.2;

function disturbanceNotes({ trouble }: Analysis): Sentence[] {
  const collections = (phase: 'baseline' | 'pauses') =>
    trouble.services.reduce((sum, row) => sum + (row[phase]?.naturalCollections ?? 0), 0);
  const worst = (phase: 'baseline' | 'pauses') =>
    Math.max(0, ...trouble.services.map((row) => row[phase]?.withoutCoreShare ?? 0));
  const isStarved = Math.max(worst('baseline'), worst('pauses')) > starvedShare;
  const has = (phase: 'baseline' | 'pauses') => trouble.services.some((row) => row[phase]);
  if (!has('baseline') && !has('pauses')) return [];
  const both = (figure: (phase: 'baseline' | 'pauses') => string) =>
    (['baseline', 'pauses'] as const)
      .map((phase) => (has(phase) ? figure(phase) : 'no data'))
      .join(' → ');
  return [
    {
      tone: isStarved ? 'bad' : 'plain',
      text:
        'Besides, baseline → with pauses: major collections that V8 chose itself ' +
        `${both((phase) => count(collections(phase)))}; the service that fared ` +
        `worst was ready but without a core ${both((phase) => percent(worst(phase)))} ` +
        `of the time${isStarved ? ': too few cores for this run' : ''}.`,
    },
  ];
}
