import { count, list, plural } from '../../report/format.ts';
import type { Evidence } from '../evidence.ts';
import { marginOf, type Restart, type SpanFlow, unaccounted } from '../flow.ts';
import { ok, type Stage, skipped, wrong } from '../stage.ts';
import type { EmbeddedCounts } from '../store.ts';
import { flowOf } from './flowOf.ts';

const name = 'spans';

/** Whether spans are lost on the way, by everybody's own counts. */
export function checkSpans(evidence: Evidence): Stage {
  const { embedded, services } = evidence;
  if (embedded !== null) return checkEmbedded(embedded.after, services);
  const flow = flowOf(evidence);
  return flow === null ? skipped(name, '', 'nobody counts them here') : checkFlow(flow);
}

/** By the counts of the embedded collector, and of the services that were asked. */
function checkEmbedded(after: EmbeddedCounts, services: Evidence['services']): Stage {
  const { acceptedByService, rejected, evicted, heldSpans, restored } = after;
  const accepted = Object.values(acceptedByService).reduce((sum, each) => sum + each, 0);
  const counts = Object.values(services).flatMap((each) => each?.after.spans ?? []);
  const sum = (key: 'ended' | 'exported' | 'dropped') =>
    counts.reduce((total, each) => total + each[key], 0);
  const parts = [
    ...(counts.length > 0
      ? [`ended ${count(sum('ended'))}`, `exported ${count(sum('exported'))}`]
      : []),
    `accepted ${count(accepted)}`,
    ...(restored > 0 ? [`read back ${count(restored)}`] : []),
    `held ${count(heldSpans)}`,
    `evicted ${count(evicted)}`,
  ];
  const lost = accepted + restored - evicted - heldSpans;
  const dropped = sum('dropped');
  if (lost > 0 || rejected > 0 || dropped > 0) {
    return wrong(
      name,
      '',
      `${parts.join(' · ')} · lost ${count(Math.max(0, lost) + rejected + dropped)}`,
      {
        expected: 'every span that a service ended is exported, accepted, and held or evicted',
        came:
          `${plural(dropped, 'span')} dropped by the services, ${count(rejected)} rejected by the ` +
          `collector, ${count(Math.max(0, lost))} accepted and neither held nor evicted`,
        todo: 'the logs of the services say why they dropped spans ("Spans lost"), and when',
      },
    );
  }
  return ok(name, '', `${parts.join(' · ')} · lost 0`);
}

/** By the counters in Prometheus: the services', the collector's and Jaeger's. */
function checkFlow(flow: SpanFlow): Stage {
  const spanS = flow.untilS - flow.fromS;
  const given = sumOf(flow.dropped) + flow.sendFailed + flow.storeFailed;
  const gone = unaccounted(flow);
  const margin = marginOf(flow);
  const isGone = gone > margin && flow.sampledOut === null;
  const forgotten = flow.restarts.reduce((sum, { stored }) => sum + stored, 0);
  const lost = given + (isGone ? gone : 0);
  const seen = [
    ...(flow.ended === null ? [] : [`ended ${count(flow.ended)}`]),
    ...(flow.ended === null ? [] : [`exported ${count(flow.exported)}`]),
    `accepted ${count(flow.accepted)}`,
    ...(flow.queued > 0 ? [`queued ${count(flow.queued)}`] : []),
    `stored ${count(flow.stored)}`,
    `lost ${count(lost)}${isGone && margin > 0 ? ` ± ${count(margin)}` : ''}`,
    ...(forgotten > 0 ? [`forgotten ${count(forgotten)}`] : []),
  ].join(' · ');
  const window = `in the last ${minutes(spanS)}`;
  if (lost === 0 && forgotten === 0) {
    return ok(name, '', seen + restartNote(flow.restarts));
  }
  const came = [
    ...Object.entries(flow.dropped).map(
      ([reason, spans]) => `${plural(spans, 'span')} dropped by services (${reason})`,
    ),
    ...(flow.sendFailed > 0
      ? [
          `${plural(flow.sendFailed, 'span')} given up by the collector: the store did not take them`,
        ]
      : []),
    ...(flow.storeFailed > 0
      ? [`${plural(flow.storeFailed, 'span')} that Jaeger could not store`]
      : []),
    ...(isGone
      ? [
          `${plural(gone, 'span')} taken from services and neither stored, queued nor counted as given up`,
        ]
      : []),
    ...flow.restarts.map(restartSentence),
  ];
  return wrong(name, '', seen, {
    title: `${plural(lost + forgotten, 'span')} lost ${window}`,
    expected: `every span that a service handed over ${window} is stored, and stays until it is evicted`,
    came: came.join('; '),
    todo: advice(flow, isGone),
  });
}

function advice({ restarts, dropped, sendFailed }: SpanFlow, isGone: boolean): string {
  const steps = [
    ...(isGone && restarts.some(({ program }) => program === 'collector')
      ? [
          'what waited in the collector died with it: the option disk-queue ' +
            '(COLLECTOR_OPTIONS, collector/options/disk-queue.yaml) keeps its queue on disk',
        ]
      : []),
    ...(restarts.some(({ stored }) => stored > 0)
      ? ['Jaeger keeps traces in memory: give it a storage on disk if they must outlive it']
      : []),
    ...(sumOf(dropped) > 0 ? ['the logs of the services say why ("Spans lost")'] : []),
    ...(sendFailed > 0 ? ['the log of the collector says why: docker compose logs collector'] : []),
  ];
  return steps.length === 0
    ? 'look into the logs of collector and Jaeger; a kill leaves no other trace'
    : `${steps.join('; ')}; what is lost stays lost, and --since 5m looks at the present alone`;
}

function restartSentence({ program, unixS, stored }: Restart): string {
  const what =
    program === 'jaeger' && stored > 0
      ? `, and the ${plural(stored, 'span')} that it had stored in memory are gone`
      : '';
  return `${programs[program]} restarted at ${clock(unixS)}${what}`;
}

function restartNote(restarts: readonly Restart[]): string {
  if (restarts.length === 0) return '';
  const each = restarts.map(({ program, unixS }) => `${programs[program]} at ${clock(unixS)}`);
  return `; restarted: ${list(each)}`;
}

const programs = { collector: 'the collector', jaeger: 'Jaeger' } as const;

/** 18:20:03, local time. */
function clock(unixS: number): string {
  return new Date(unixS * 1000).toLocaleTimeString('en-GB');
}

function minutes(seconds: number): string {
  return seconds >= 120 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
