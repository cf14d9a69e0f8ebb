import { count, plural } from '../../report/format.ts';
import type { Evidence } from '../evidence.ts';
import { ok, type Stage, skipped, wrong } from '../stage.ts';

const name = 'spans';

/** Whether what was taken is still there, by the embedded collector's own counts. */
export function checkEmbeddedSpans({ embedded, services }: Evidence): Stage {
  if (embedded === null) return skipped(name, '', 'nothing counts them here');
  const { acceptedByService, rejected, evicted, heldSpans, restored } = embedded.after;
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
