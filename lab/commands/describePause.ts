import { formatDuration } from '../../mesh/duration.ts';
import type { Distribution, Pause } from '../../mesh/mesh.ts';

/** A pause in words: `gc 120ms in user every 3s on average (poll)`. */
export function describePause({ service, kind, duration, every, once, phase }: Pause): string {
  const when =
    every === null
      ? `once, after ${formatDuration(once ?? 0)}`
      : every.type === 'fixed'
        ? `every ${formatDuration(every.value)}`
        : `every ${formatDuration(every.mean)} on average`;
  return `${kind} ${describeLength(duration)} in ${service} ${when} (${phase})`;
}

function describeLength(duration: Distribution): string {
  switch (duration.type) {
    case 'constant':
      return formatDuration(duration.value);
    case 'exponential':
      return `${formatDuration(duration.mean)} on average`;
    case 'lognormal':
      return `${formatDuration(duration.median)} in the median`;
  }
}
