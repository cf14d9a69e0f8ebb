import { diag } from '@opentelemetry/api';
import { Batches, type BatchesOptions, type SpanExporter } from './attribution/batches.ts';
import { pauseMetrics } from './attribution/pauseMetrics.ts';
import { PauseProcessor, type PauseProcessorOptions } from './attribution/processor.ts';
import type { NextProcessor } from './attribution/span.ts';
import type { PauseDetector } from './detector/detectedPause.ts';
import { type PauseDetectorOptions, pauseDetector } from './detector/detector.ts';

export { answerWasSent } from './attribution/answerSent.ts';
export type { BatchesOptions, SpanExporter } from './attribution/batches.ts';
export { PauseProcessor } from './attribution/processor.ts';
export type { DetectedKind, DetectedPause, PauseDetector } from './detector/detectedPause.ts';
export { pauseDetector } from './detector/detector.ts';

export interface PausesOptions
  extends Omit<PauseProcessorOptions, 'detector' | 'next'>,
    PauseDetectorOptions {
  /** Gets all spans, in batches. */
  readonly exporter?: SpanExporter;
  readonly batches?: BatchesOptions;
  /** In the place of `exporter`: a span processor, such as the SDK's `BatchSpanProcessor`. */
  readonly processor?: NextProcessor;
  /** In the place of our own. */
  readonly detector?: PauseDetector;
}

/**
 * What to spread into the options of OpenTelemetry's `NodeSDK`, version 2 or 3, so that every trace
 * says which pause of this process hit it:
 *
 *     new NodeSDK({ serviceName: 'shop', ...pauses({ exporter: new OTLPTraceExporter() }) })
 *
 * The detector starts now, and ends with the SDK.
 * @throws {TypeError} if there is not one place to hand the spans to.
 */
export function pauses(options: PausesOptions): { spanProcessors: [PauseProcessor] } {
  const { exporter, batches, processor, detector: given, ...others } = options;
  if ((exporter === undefined) === (processor === undefined)) {
    throw new TypeError(
      'pauses() needs either an exporter or a processor, such as pauses({ exporter: new OTLPTraceExporter() })',
    );
  }
  const next = processor ?? new Batches(exporter as SpanExporter, batches);
  const detector = given ?? pauseDetector(others);
  detector.start().catch((error: unknown) => diag.error('No pauses will be seen', error));
  const metrics = pauseMetrics();
  return {
    spanProcessors: [
      new PauseProcessor({
        ...others,
        detector,
        next,
        onFound(pause) {
          metrics.found(pause);
          others.onFound?.(pause);
        },
        onVictims(kind, counts) {
          metrics.victims(kind, counts);
          others.onVictims?.(kind, counts);
        },
      }),
    ],
  };
}
