import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { SpanFlow } from './spanQueue.ts';

const sampled = { 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' };
const processor = {
  'otel.component.type': 'batching_span_processor',
  'otel.component.name': 'batching_span_processor/0',
};
const exporter = {
  'otel.component.type': 'otlp_http_exporter',
  'otel.component.name': 'otlp_http_exporter/0',
};

/**
 * The SDK's own metrics of spans (semantic conventions, "OTel SDK metrics"), from the account of our
 * queue: nothing is counted twice. Where nothing was dropped there is no series with an error.
 */
export function observeSpans(meter: Meter, flow: () => SpanFlow): void {
  const unit = { unit: '{span}' };
  const counter = (name: string, description: string) =>
    meter.createObservableCounter(name, { description, ...unit });
  const level = (name: string, description: string) =>
    meter.createObservableUpDownCounter(name, { description, ...unit });
  const started = counter('otel.sdk.span.started', 'Spans that were created.');
  const live = level('otel.sdk.span.live', 'Spans that have not ended yet.');
  const size = level('otel.sdk.processor.span.queue.size', 'Spans waiting for a batch.');
  const capacity = level('otel.sdk.processor.span.queue.capacity', 'Most spans that may wait.');
  const processed = counter(
    'otel.sdk.processor.span.processed',
    'Spans handed to the exporter, or dropped before.',
  );
  const exported = counter('otel.sdk.exporter.span.exported', 'Spans whose export has ended.');
  const inflight = level(
    'otel.sdk.exporter.span.inflight',
    'Spans whose export has begun and not ended.',
  );
  meter.addBatchObservableCallback(
    (result) => {
      const now = flow();
      const failures = (
        instrument: Observable,
        shared: Attributes,
        counts: Readonly<Record<string, number>>,
      ) => {
        for (const [type, count] of Object.entries(counts)) {
          if (count > 0) result.observe(instrument, count, { ...shared, [ATTR_ERROR_TYPE]: type });
        }
      };
      result.observe(started, now.started, sampled);
      result.observe(live, now.started - now.ended - now.sampledOut, sampled);
      result.observe(size, now.queued, processor);
      result.observe(capacity, now.capacity, processor);
      result.observe(processed, now.handedOver, processor);
      failures(processed, processor, { queue_full: now.overflowed, already_shutdown: now.late });
      result.observe(exported, now.exported, exporter);
      failures(exported, exporter, { rejected: now.rejected, export_failed: now.failed });
      const ended = now.exported + now.rejected + now.failed;
      result.observe(inflight, now.handedOver - ended, exporter);
    },
    [started, live, size, capacity, processed, exported, inflight],
  );
}
