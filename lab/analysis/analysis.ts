import type { Span } from '../../traces/span.ts';
import type { Run } from '../run.ts';
import { type Additivity, additivity } from './additivity.ts';
import { type ArticleCell, articleCells } from './article.ts';
import { type PercentileChange, percentileChanges } from './change.ts';
import { effectOf, loadWindow, type PauseEffect, pauseCases } from './effects.ts';
import { type PauseGroup, pauseGroups } from './groups.ts';
import { mean, median } from './percentiles.ts';
import { type ServiceLoad, serviceLoads } from './serviceLoad.ts';
import { type SpanLedger, spanLedger } from './spanLedger.ts';
import { type TierRow, tierRows } from './tierRows.ts';
import { readTraces } from './traces.ts';
import { type Trouble, trouble } from './trouble.ts';

/** `result.json`. The version changes when a field changes its meaning or goes. */
export interface Result {
  readonly version: 1;
  readonly run: Run;
  readonly analysis: Analysis;
}

/** What follows from a run and its spans, and from nothing else. */
export interface Analysis {
  /** Nearest the client first. */
  readonly tiers: readonly TierRow[];
  /** By service: arrival rate, time in the process, utilisation, all from the baseline. */
  readonly services: Readonly<Record<string, ServiceLoad>>;
  /** In the order of time. */
  readonly pauses: readonly PauseEffect[];
  /** By paused service and kind. */
  readonly groups: readonly PauseGroup[];
  readonly change: readonly PercentileChange[];
  readonly additivity: Additivity;
  readonly spans: readonly SpanLedger[];
  /** null unless the mesh is the article's. */
  readonly article: readonly ArticleCell[] | null;
  readonly trouble: Trouble;
}

/** Everything that a report says. Spans may come in any order; those of other runs are harmless. */
export function analyse(run: Run, spans: Iterable<Span>): Analysis {
  const traces = readTraces(run, spans);
  const services = serviceLoads(run, traces);
  const tiers = tierRows(run, traces);
  const cases = pauseCases(run, traces, services);
  const baselineMs = traces.requests
    .filter(({ phase, dropped }) => phase === 'baseline' && !dropped)
    .map(({ latencyMs }) => latencyMs);
  const baseline = { meanMs: mean(baselineMs), medianMs: median(baselineMs) };
  const pauses = cases.map((one) => effectOf(one, services[one.pause.service], baseline));
  const window = loadWindow(traces);
  return {
    tiers,
    services,
    pauses,
    groups: pauseGroups(cases, pauses, tiers),
    change: percentileChanges(
      run.mesh,
      tiers,
      cases,
      services,
      window && window.endMs - window.startMs,
    ),
    additivity: additivity(run.mesh, tiers, pauses, services),
    spans: spanLedger(run),
    article: articleCells(run.mesh, tiers),
    trouble: trouble(run, traces),
  };
}
