import type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpResourceSpans,
  OtlpScope,
  OtlpSpan,
} from '../traces/otlp/request.ts';
import { spanKindNumber, statusCodeNumber } from '../traces/otlp/request.ts';
import { valueText } from './valueText.ts';

interface Tag {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  readonly value: string | number | boolean;
}

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/**
 * A trace in the JSON of Jaeger's older API: times in microseconds, attributes as typed tags,
 * parents and links as references, resources as processes.
 * Source: Jaeger's `internal/uimodel`, and OpenTelemetry's mapping of spans to Jaeger.
 */
export function legacyTrace(resourceSpans: readonly OtlpResourceSpans[]): unknown {
  const processes: Record<string, { serviceName: string; tags: Tag[] }> = {};
  const processIds = new Map<string, string>();
  const spans: unknown[] = [];
  for (const { resource, scopeSpans } of resourceSpans) {
    const process = processOf(resource?.attributes ?? []);
    const key = JSON.stringify(process);
    const processID = processIds.get(key) ?? `p${processIds.size + 1}`;
    processIds.set(key, processID);
    processes[processID] = process;
    for (const { scope, spans: list } of scopeSpans ?? []) {
      for (const span of list ?? []) spans.push(legacySpan(span, scope ?? {}, processID));
    }
  }
  const [first] = resourceSpans;
  const traceID = first?.scopeSpans?.[0]?.spans?.[0]?.traceId ?? '';
  return { traceID, spans, processes, warnings: null };
}

function processOf(attributes: readonly OtlpKeyValue[]): { serviceName: string; tags: Tag[] } {
  const name = attributes.find(({ key }) => key === 'service.name');
  return {
    serviceName: valueText(name?.value) || 'unknown_service',
    tags: attributes.filter((attribute) => attribute !== name).map(tag),
  };
}

function legacySpan(span: OtlpSpan, scope: OtlpScope, processID: string): unknown {
  const { traceId: traceID = '', spanId: spanID = '', parentSpanId } = span;
  const startNano = BigInt(span.startTimeUnixNano ?? 0);
  const endNano = BigInt(span.endTimeUnixNano ?? 0);
  const references = (span.links ?? []).map((link) => ({
    refType: 'FOLLOWS_FROM',
    traceID: link.traceId ?? '',
    spanID: link.spanId ?? '',
  }));
  if (parentSpanId) references.unshift({ refType: 'CHILD_OF', traceID, spanID: parentSpanId });
  return {
    traceID,
    spanID,
    flags: (span.flags ?? 0) & 0xff,
    operationName: span.name ?? '',
    references,
    startTime: Number(startNano / 1000n),
    duration: endNano > startNano ? Number((endNano - startNano) / 1000n) : 0,
    tags: [...scopeTags(scope), ...(span.attributes ?? []).map(tag), ...propertyTags(span)],
    logs: (span.events ?? []).map(({ timeUnixNano = 0, name, attributes }) => ({
      timestamp: Number(BigInt(timeUnixNano) / 1000n),
      fields: [...(name ? [text('event', name)] : []), ...(attributes ?? []).map(tag)],
    })),
    processID,
    warnings: null,
  };
}

function scopeTags({ name, version }: OtlpScope): Tag[] {
  return [
    ...(name ? [text('otel.scope.name', name)] : []),
    ...(version ? [text('otel.scope.version', version)] : []),
  ];
}

function propertyTags({ kind, status, traceState }: OtlpSpan): Tag[] {
  const tags: Tag[] = [];
  const kindName = KINDS[spanKindNumber(kind)];
  if (kindName) tags.push(text('span.kind', kindName));
  const code = statusCodeNumber(status?.code);
  if (code === 1) tags.push(text('otel.status_code', 'OK'));
  if (code === 2) {
    tags.push(text('otel.status_code', 'ERROR'), { key: 'error', type: 'bool', value: true });
  }
  if (status?.message) tags.push(text('otel.status_description', status.message));
  if (traceState) tags.push(text('w3c.tracestate', traceState));
  return tags;
}

function text(key: string, value: string): Tag {
  return { key, type: 'string', value };
}

function tag({ key = '', value }: OtlpKeyValue): Tag {
  const { boolValue, intValue, doubleValue, bytesValue }: OtlpAnyValue = value ?? {};
  if (boolValue !== undefined) return { key, type: 'bool', value: boolValue };
  if (intValue !== undefined) {
    const number = Number(intValue);
    // An integer that JavaScript cannot hold stays text.
    return { key, type: 'int64', value: Number.isSafeInteger(number) ? number : String(intValue) };
  }
  if (doubleValue !== undefined) return { key, type: 'float64', value: doubleValue };
  if (bytesValue !== undefined) return { key, type: 'binary', value: bytesValue };
  return { key, type: 'string', value: valueText(value) };
}
