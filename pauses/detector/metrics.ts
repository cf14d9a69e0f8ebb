import { type Meter, ValueType } from '@opentelemetry/api';
import { PauseAttribute } from '../strategy.ts';
import type { DetectedPause } from './detectedPause.ts';

/** Bounds in seconds, finer about what pauses are like, so that a change of their length shows. */
export const pauseBoundsSeconds = [
  0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10,
];

/**
 * A listener for a detector that records `aftershock.pause.duration`: a histogram in seconds by
 * `aftershock.pause.kind`, whose count is the number of pauses.
 */
export function recordPauses(meter: Meter): (pause: DetectedPause) => void {
  const duration = meter.createHistogram('aftershock.pause.duration', {
    description: 'Length of the pauses of the main thread that were detected.',
    unit: 's',
    valueType: ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: pauseBoundsSeconds },
  });
  return ({ kind, startUnixNano, endUnixNano }) => {
    duration.record(Number(endUnixNano - startUnixNano) / 1e9, { [PauseAttribute.kind]: kind });
  };
}
