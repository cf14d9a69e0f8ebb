import { MalformedOtlpError } from '../traces/otlp/request.ts';
import { LEN, WireReader } from '../traces/otlp/wire.ts';
import type { OtlpEncoding, Signal } from './otlpResponse.ts';

const FIELDS = {
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const;

/** Field numbers of the same path, which all signals share: request, resource, scope. */
const NUMBERS = [1, 2, 2];

/**
 * Metrics or log records in a request.
 * @throws {MalformedOtlpError} if it does not have the signal's shape.
 */
export function countItems(
  body: Buffer,
  encoding: OtlpEncoding,
  signal: Exclude<Signal, 'traces'>,
): number {
  if (encoding === 'application/x-protobuf') {
    return countMessages(new WireReader(body), body.length, 0);
  }
  let request: unknown;
  try {
    request = JSON.parse(body.toString());
  } catch (error) {
    throw new MalformedOtlpError(`The body is not JSON: ${(error as Error).message}`);
  }
  return countObjects(request, FIELDS[signal]);
}

function countMessages(reader: WireReader, end: number, level: number): number {
  if (level === NUMBERS.length) {
    while (reader.next(end)); // the fields must be whole
    return 1;
  }
  let count = 0;
  while (reader.next(end)) {
    if (reader.field !== NUMBERS[level]) continue;
    reader.expect(LEN);
    const after = reader.end;
    reader.pos = reader.start;
    count += countMessages(reader, after, level + 1);
    reader.pos = after;
  }
  return count;
}

function countObjects(value: unknown, path: readonly string[]): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedOtlpError('Where OTLP has an object there is something else');
  }
  const [field, ...rest] = path;
  if (field === undefined) return 1;
  const list = (value as Record<string, unknown>)[field] ?? [];
  if (!Array.isArray(list)) throw new MalformedOtlpError(`${field} must be an array`);
  return list.reduce((sum: number, each: unknown) => sum + countObjects(each, rest), 0);
}
