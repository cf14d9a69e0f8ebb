import { MalformedOtlpError, type OtlpTraceRequest } from './request.ts';

/** Bytes of the ids that Protobuf's JSON has in base64. */
const idBytes: Readonly<Record<string, number>> = { traceId: 16, spanId: 8, parentSpanId: 8 };

/** Deeper than any request whose attribute values are not nested too deep. */
const maxDepth = 200;

/**
 * A request as Protobuf's general JSON mapping writes it (Tempo, Python's `MessageToJson`), with ids
 * in base64 and perhaps names in snake_case, as the JSON that OTLP defines: ids in hex, names in
 * camelCase. What is in OTLP's form already stays as it is; a base64 id is never as long as a hex one.
 * Source: protobuf.dev, ProtoJSON Format; opentelemetry-proto, `docs/specification.md`.
 * @throws {MalformedOtlpError} if it is nested too deep.
 */
export function fromCanonicalJson(value: unknown): OtlpTraceRequest {
  return convert(value, 0) as OtlpTraceRequest;
}

/** Whether a request is in the general mapping, by its outer name and its first span. */
export function isCanonicalJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('resource_spans' in value) return true;
  const span = firstOf(firstOf(firstOf(value, 'resourceSpans'), 'scopeSpans'), 'spans');
  const id = (span as { traceId?: unknown } | undefined)?.traceId;
  return hexOf(id, 16) !== id;
}

function firstOf(value: unknown, list: string): unknown {
  const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[list];
  return Array.isArray(found) ? found[0] : undefined;
}

// Nothing that a user names is a key of OTLP's JSON: attributes are lists of keys and values.
function convert(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth)
    throw new MalformedOtlpError(`JSON may be nested ${maxDepth} deep, no more`);
  if (Array.isArray(value)) return value.map((each) => convert(each, depth + 1));
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const bytes = idBytes[name];
    return [name, bytes === undefined ? convert(inner, depth + 1) : hexOf(inner, bytes)];
  });
  return Object.fromEntries(entries);
}

/** Hex of an id in base64; whatever else it is stays, for the decoder to judge. */
function hexOf(id: unknown, bytes: number): unknown {
  if (typeof id !== 'string' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(id)) return id;
  const isBase64 = id.length === 4 * Math.ceil(bytes / 3) && id.endsWith('=');
  return isBase64 ? Buffer.from(id, 'base64').toString('hex') : id;
}
