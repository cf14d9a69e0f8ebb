import type { Analysis } from '../analysis/analysis.ts';
import { count, counted, decimal, ms, percent } from './format.ts';
import { pair, type Table } from './table.ts';

/** Where the spans went, by process. */
export function spanTable({ spans }: Analysis): Table {
  const shown = (value: number | null) => (value === null ? 'unknown' : count(value));
  return {
    title: 'Spans',
    columns: ['process', 'ended', 'stored', 'dropped', 'lost'].map((head) => ({ head })),
    rows: spans.map(({ service, ended, stored, dropped, lost }) => ({
      marks: lost === 0 ? [] : [4],
      cells: [service, shown(ended), shown(stored), shown(dropped), shown(lost)],
    })),
  };
}

/** What disturbed the services besides the pauses, baseline → with pauses. */
export function disturbanceTable({ trouble, services }: Analysis): Table {
  const time = (value: number | null | undefined) => (value == null ? 'unknown' : ms(value));
  const share = (value: number | null | undefined) => (value == null ? 'unknown' : percent(value));
  return {
    title: 'Services, baseline → with pauses',
    columns: [
      { head: 'service' },
      { head: 'λ\n1/s' },
      { head: 'b\nms' },
      { head: 'CPU/request\nms' },
      { head: 'ρ\n' },
      { head: 'major GCs of\nits own' },
      { head: 'their time\nms' },
      { head: 'without a core\nof the time' },
    ],
    rows: trouble.services.map(({ service, baseline, pauses }) => {
      const load = services[service];
      return {
        cells: [
          service,
          decimal(load?.requestsPerSecond ?? null, 1),
          ms(load?.timeInProcessMs ?? null),
          decimal(load?.cpuMsPerRequest ?? null, 2),
          decimal(load?.utilization ?? null, 2),
          pair(counted(baseline?.naturalCollections), counted(pauses?.naturalCollections)),
          pair(time(baseline?.naturalCollectionsMs), time(pauses?.naturalCollectionsMs)),
          pair(share(baseline?.withoutCoreShare), share(pauses?.withoutCoreShare)),
        ],
      };
    }),
  };
}
