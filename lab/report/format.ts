import type { Quantile } from '../analysis/percentiles.ts';

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** 3,601 */
export function count(value: number): string {
  return whole.format(value);
}

/** A count that there may be no data for. */
export function counted(value: number | undefined): string {
  return value === undefined ? 'no data' : count(value);
}

/** Milliseconds without their unit: one decimal below 10. null is "no data". */
export function ms(value: number | null): string {
  if (value === null) return 'no data';
  if (!Number.isFinite(value)) return 'no end';
  const rounded = Math.abs(value) < 9.95 ? value.toFixed(1) : whole.format(value);
  return withMinus(rounded);
}

export function quantileMs(value: Quantile): string {
  if (value === null) return 'too few';
  return value === 'never' ? 'never' : ms(value);
}

/** 45 → 165 ms; where one of them is no time, each with a unit of its own: 45 ms → never. */
export function quantilesMs(before: Quantile, after: Quantile): string {
  const bothTimes = typeof before === 'number' && typeof after === 'number';
  if (bothTimes) return `${ms(before)} → ${ms(after)} ms`;
  return `${quantileWithUnit(before)} → ${quantileWithUnit(after)}`;
}

/** 45 ms, never, too few */
export function quantileWithUnit(value: Quantile): string {
  return typeof value === 'number' ? `${ms(value)} ms` : quantileMs(value);
}

/** +95, −0.3, 0.0 */
export function signedMs(value: number | null): string {
  if (value === null) return 'no data';
  const text = ms(Math.abs(value));
  if (/^[0.]+$/.test(text)) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

/** A figure with `digits` decimals; null is "no data". */
export function decimal(value: number | null, digits: number): string {
  if (value === null) return 'no data';
  return Number.isFinite(value) ? withMinus(value.toFixed(digits)) : 'no end';
}

/** 1.5 %, 12 % */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 0.05 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** No sign for zero, and a minus rather than a hyphen. */
function withMinus(text: string): string {
  return text.replace(/^-(?=[0.]+$)/, '').replace('-', '−');
}

/** 3 s, 2.5 s, 120 ms */
export function duration(valueMs: number): string {
  if (valueMs < 1000) return `${ms(valueMs)} ms`;
  return `${(valueMs / 1000).toFixed(1).replace(/\.0$/, '')} s`;
}

/** 1 pause, 12 pauses */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** a; a and b; a, b and c */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/**
 * Whether a measured figure is so far from the expected one that a reader should be told: more than
 * 30 %, and more than `least` in its own unit.
 */
export function differs(measured: number, expected: number, least: number): boolean {
  const gap = Math.abs(measured - expected);
  return !(gap <= least || gap <= 0.3 * expected);
}

/** The same for sums of independent events: chance alone moves them by three times their root. */
export function countDiffers(measured: number, expected: number): boolean {
  return differs(measured, expected, 3 * Math.sqrt(expected));
}
