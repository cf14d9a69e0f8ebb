import { metrics, ValueType } from '@opentelemetry/api';
import type { DetectedPause } from '../detector/detectedPause.ts';
import { PauseAttribute } from '../strategy.ts';
import { PausedAttribute } from './attributes.ts';
import type { Role } from './knownPause.ts';

/** Bounds in seconds: finer about what pauses are like. */
const boundsS = [0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.35, 0.5, 0.75, 1, 2.5, 5, 10];

export interface PauseMetrics {
  found(pause: DetectedPause): void;
  victims(kind: string, counts: Readonly<Record<Role, number>>): void;
}

/** Records with the service's own meter provider, if it has one by the time of the first pause. */
export function pauseMetrics(): PauseMetrics {
  let made: ReturnType<typeof instruments> | null = null;
  return {
    found({ kind, startUnixNano, endUnixNano }) {
      made ??= instruments();
      made.duration.record(Number(endUnixNano - startUnixNano) / 1e9, {
        [PauseAttribute.kind]: kind,
      });
    },
    victims(kind, counts) {
      made ??= instruments();
      for (const role of ['hit', 'queued'] as const) {
        const attributes = { [PauseAttribute.kind]: kind, [PausedAttribute.role]: role };
        if (counts[role] > 0) made.victims.add(counts[role], attributes);
      }
    },
  };
}

function instruments() {
  const meter = metrics.getMeter('aftershock/pauses');
  return {
    duration: meter.createHistogram('aftershock.pause.duration', {
      description: 'Length of pauses of the main thread.',
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: boundsS },
    }),
    victims: meter.createCounter('aftershock.pause.victims', {
      description: 'Requests that a pause hit, or that waited in the backlog after it.',
      unit: '{request}',
      valueType: ValueType.INT,
    }),
  };
}
