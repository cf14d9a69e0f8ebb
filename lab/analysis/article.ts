import type { Mesh } from '../../mesh/mesh.ts';
import { callsOf } from './chain.ts';
import type { Quantile } from './percentiles.ts';
import type { TierRow } from './tierRows.ts';

/**
 * A cell of the article's table beside the same cell as measured. The article counts its tiers
 * from the far end: its 1, 2, 3 are tiers 3, 2, 1 here.
 */
export interface ArticleCell {
  readonly phase: 'baseline' | 'pauses';
  /** 0 or 120, as the article has it. */
  readonly articlePauseMs: number;
  readonly articleTier: number;
  readonly tier: number;
  readonly services: readonly string[];
  /** As printed in the article. */
  readonly article: string;
  readonly p99Ms: Quantile;
  readonly maxMs: Quantile;
  /** Of all calls at this tier, those that failed; null without calls. */
  readonly failedShare: number | null;
  /** What was on when this cell was measured: pauses, the caller's time-out and attempts. */
  readonly switchedOn: readonly string[];
  /** What arithmetic says of the article's figure. */
  readonly arithmetic: string;
}

const tiersInArticle = 3;

const printed = [
  {
    phase: 'baseline',
    articlePauseMs: 0,
    cells: [
      { article: '45 ms', arithmetic: 'nothing against it' },
      {
        article: '82 ms',
        arithmetic: 'over its 80 ms time-out without any pause, which is below the next hop’s 120',
      },
      {
        article: '110 ms',
        arithmetic: 'a caller contains its callee: 45 < 82 < 110 holds only from the far end',
      },
    ],
  },
  {
    phase: 'pauses',
    articlePauseMs: 120,
    cells: [
      {
        article: '165 ms',
        arithmetic:
          '45 + 120 exactly is a maximum, not a P99; and the caller gives up after 120 ms',
      },
      {
        article: '> 1000 ms',
        arithmetic: 'one pause adds at most its length: takes retries, overload or more pauses',
      },
      {
        article: 'time-out',
        arithmetic: '110 + 120 is over the client’s 200 ms: for the slowest, yes',
      },
    ],
  },
] as const;

/** The article's six cells, or null unless `mesh` is the article's chain. */
export function articleCells(mesh: Mesh, rows: readonly TierRow[]): ArticleCell[] | null {
  if (mesh.name !== 'article') return null;
  return printed.flatMap(({ phase, articlePauseMs, cells }) =>
    cells.flatMap(({ article, arithmetic }, index): ArticleCell[] => {
      const articleTier = index + 1;
      const row = rows.find(({ tier }) => articleTierOf(tier) === articleTier);
      if (!row) return [];
      const measured = row[phase];
      return [
        {
          phase,
          articlePauseMs,
          articleTier,
          tier: row.tier,
          services: row.services,
          article,
          p99Ms: measured?.latency.p99Ms ?? null,
          maxMs: measured?.latency.maxMs ?? null,
          failedShare: measured ? measured.errors / measured.requests : null,
          switchedOn: switchedOn(mesh, row, phase),
          arithmetic,
        },
      ];
    }),
  );
}

/** The article's number of a tier, or null for a tier that the article does not count. */
export function articleTierOf(tier: number): number | null {
  return tier <= tiersInArticle ? tiersInArticle + 1 - tier : null;
}

function switchedOn(
  mesh: Mesh,
  { tier, services }: TierRow,
  phase: ArticleCell['phase'],
): string[] {
  const callers = Object.values(mesh.services)
    .flatMap(({ script }) => callsOf(script))
    .filter(({ to }) => services.includes(to));
  const limits =
    tier === 1
      ? [`waits ${mesh.load.timeout} ms`]
      : callers.map(({ timeout, retries }) =>
          retries > 0
            ? `waits ${timeout} ms, ${retries + 1} attempts`
            : `waits ${timeout} ms, 1 attempt`,
        );
  if (phase === 'baseline') return limits;
  const pauses = mesh.pauses.map(({ service, kind, duration, every, once }) => {
    const length = duration.type === 'constant' ? `${duration.value} ms` : duration.type;
    const everyMs = every?.type === 'poisson' ? every.mean : every?.value;
    const when = everyMs === undefined ? `after ${once} ms` : `every ${everyMs / 1000} s`;
    return `${kind} ${length} ${when} in ${service}`;
  });
  return [...limits, ...pauses];
}
