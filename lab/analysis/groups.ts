import { type Amplification, amplification } from './amplification.ts';
import { isControl, type PauseCase, type PauseEffect } from './effects.ts';
import { mean, median } from './percentiles.ts';
import type { ToldVictims } from './records.ts';
import type { TierRow } from './tierRows.ts';

/** All pauses of one kind in one service. Times in milliseconds. */
export interface PauseGroup {
  readonly service: string;
  readonly kind: string;
  /** `delay`: nothing stands still, so nothing is expected of it. */
  readonly control: boolean;
  readonly pauses: number;
  readonly requestedMs: Spread | null;
  readonly measuredMs: Spread;
  /** Sums over the pauses; a victim of two pauses counts with each. */
  readonly hit: number;
  readonly queued: number;
  readonly victims: number;
  /** Hit and queued by the word of the paused service; absent where it has not counted each time. */
  readonly told?: ToldVictims;
  readonly shared: number;
  readonly failed: number;
  /** Sums over the pauses, each with its own measured D. */
  readonly expected: { readonly hit: number; readonly queued: number } | null;
  /** Victims / expected victims. */
  readonly victimRatio: number | null;
  /** Over the pauses whose drain was not cut by the next one. */
  readonly drainMs: { readonly median: number | null; readonly expected: number | null };
  /** Mean per pause of what all victims lost together. */
  readonly lostRequestMs: { readonly mean: number | null; readonly expected: number | null };
  /** Medians over the pauses: the wait beyond the saw-tooth, against λDS. */
  readonly beyondMs: { readonly median: number | null; readonly expected: number | null };
  readonly amplification: readonly Amplification[];
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** In the order in which the first pause of each group struck. `cases` and `effects` in step. */
export function pauseGroups(
  cases: readonly PauseCase[],
  effects: readonly PauseEffect[],
  rows: readonly TierRow[],
): PauseGroup[] {
  const names = new Set(effects.map(({ service, kind }) => JSON.stringify([service, kind])));
  return [...names].map((name) => {
    const [service, kind] = JSON.parse(name) as [string, string];
    const isOwn = (one: { service: string; kind: string }) =>
      one.service === service && one.kind === kind;
    return pauseGroup(
      service,
      kind,
      effects.filter(isOwn),
      amplification(
        rows,
        cases.filter(({ pause }) => isOwn(pause)),
      ),
    );
  });
}

function pauseGroup(
  service: string,
  kind: string,
  effects: readonly PauseEffect[],
  amplified: readonly Amplification[],
): PauseGroup {
  const total = (value: (effect: PauseEffect) => number) =>
    effects.reduce((sum, effect) => sum + value(effect), 0);
  const expectations = effects.flatMap(({ expected }) => (expected ? [expected] : []));
  const known = expectations.length === effects.length && expectations.length > 0;
  const expected = known
    ? {
        hit: expectations.reduce((sum, { hit }) => sum + hit, 0),
        queued: expectations.reduce((sum, { queued }) => sum + queued, 0),
      }
    : null;
  const hit = total((effect) => effect.hit);
  const queued = total((effect) => effect.queued);
  const wholeDrains = effects.filter(({ drainCut }) => !drainCut);
  return {
    service,
    kind,
    control: isControl({ kind }),
    pauses: effects.length,
    requestedMs: spread(effects.flatMap(({ requestedMs }) => requestedMs ?? [])),
    measuredMs: spread(effects.map(({ measuredMs }) => measuredMs)) as Spread,
    hit,
    queued,
    victims: hit + queued,
    ...toldBy(effects),
    shared: total((effect) => effect.shared),
    failed: total((effect) => effect.failed),
    expected,
    victimRatio: expected ? (hit + queued) / (expected.hit + expected.queued) : null,
    drainMs: {
      median: median(wholeDrains.map(({ drainMs }) => drainMs)),
      expected: known ? median(expectations.map(({ drainMs }) => drainMs)) : null,
    },
    lostRequestMs: {
      mean: mean(effects.flatMap(({ lostRequestMs }) => lostRequestMs ?? [])),
      expected: known ? mean(expectations.map(({ lostRequestMs }) => lostRequestMs)) : null,
    },
    beyondMs: {
      median: median(effects.flatMap((effect) => effect.beyondMs ?? [])),
      expected: known ? median(expectations.map((one) => one.beyondMs)) : null,
    },
    amplification: amplified,
  };
}

function toldBy(effects: readonly PauseEffect[]): { told?: ToldVictims } {
  const told = effects.flatMap(({ told }) => told ?? []);
  if (told.length === 0 || told.length < effects.length) return {};
  const sum = (role: keyof ToldVictims) => told.reduce((total, one) => total + one[role], 0);
  return { told: { hit: sum('hit'), queued: sum('queued') } };
}

function spread(values: readonly number[]): Spread | null {
  const middle = median(values);
  if (middle === null) return null;
  return { median: middle, min: Math.min(...values), max: Math.max(...values) };
}
