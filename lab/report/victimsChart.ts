import type { Analysis } from '../analysis/analysis.ts';
import { escapeHtml } from './escape.ts';
import { decimal, ms } from './format.ts';

const width = 1000;
const height = 220;
const left = 40;
const bottom = 24;
const top = 10;

/** Bars: requests hit and queued by each pause; a tick on each bar: how many were expected. */
export function victimsChart({ pauses }: Analysis): string {
  if (pauses.length === 0) return '<p>No pause struck while the load ran.</p>';
  const expectedOf = (pause: (typeof pauses)[number]) =>
    pause.expected ? pause.expected.hit + pause.expected.queued : 0;
  const finite = pauses.map(expectedOf).filter(Number.isFinite);
  const most = Math.max(1, ...pauses.map(({ hit, queued }) => hit + queued), ...finite);
  const y = (value: number) => height - bottom - (value / most) * (height - bottom - top);
  const slot = (width - left) / pauses.length;
  const bar = Math.max(1, Math.min(48, slot * 0.7));
  const bars = pauses.map((pause, index) => {
    const { hit, queued, service, kind, measuredMs } = pause;
    const x = left + slot * (index + 0.5) - bar / 2;
    const expected = expectedOf(pause);
    const told =
      `${kind} of ${ms(measuredMs)} ms in ${service}: ${hit} hit, ${queued} queued` +
      (pause.expected ? `; expected ${decimal(expected, 1)}` : '');
    const tick =
      pause.expected && Number.isFinite(expected)
        ? `<path class="expected" d="M${n(x - 4)} ${n(y(expected))}h${n(bar + 8)}"/>`
        : '';
    return (
      `<g><title>${escapeHtml(told)}</title>` +
      `<rect class="hit" x="${n(x)}" y="${n(y(hit))}" width="${n(bar)}" height="${n(y(0) - y(hit))}"/>` +
      `<rect class="queued" x="${n(x)}" y="${n(y(hit + queued))}" width="${n(bar)}" ` +
      `height="${n(y(hit) - y(hit + queued))}"/>${tick}</g>`
    );
  });
  const step = niceStep(most);
  const grid = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step).map(
    (value) =>
      `<path class="grid" d="M${left} ${n(y(value))}H${width}"/>` +
      `<text x="${left - 8}" y="${n(y(value) + 4)}" text-anchor="end">${value}</text>`,
  );
  const every = Math.ceil(pauses.length / 25);
  const names = pauses.map((_, index) =>
    index % every === 0
      ? `<text x="${n(left + slot * (index + 0.5))}" y="${height - 6}" text-anchor="middle">${index + 1}</text>`
      : '',
  );
  return (
    `<svg class="bars" viewBox="0 0 ${width} ${height}" role="img" aria-label="Victims per pause">` +
    `${grid.join('')}${bars.join('')}${names.join('')}</svg>`
  );
}

/** 1, 2 or 5 times a power of ten, for about four lines up to `most`. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= most / 4) ?? 10;
  return Math.max(1, step * power);
}

function n(value: number): string {
  return value.toFixed(1);
}
