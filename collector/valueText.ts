import type { OtlpAnyValue } from '../traces/otlp/request.ts';

/**
 * The text that an attribute query compares with, as Jaeger's stores do: strings as they are,
 * numbers and booleans as written, bytes in base64, lists and maps as JSON.
 */
export function valueText(value: OtlpAnyValue | null | undefined): string {
  if (value?.stringValue !== undefined) return value.stringValue;
  const plain = plainValue(value);
  return typeof plain === 'object' && plain !== null ? JSON.stringify(plain) : String(plain ?? '');
}

function plainValue(value: OtlpAnyValue | null | undefined): unknown {
  if (!value) return null;
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue) {
    return Object.fromEntries(
      (value.kvlistValue.values ?? []).map(({ key, value: inner }) => [
        key ?? '',
        plainValue(inner),
      ]),
    );
  }
  return (
    value.stringValue ?? value.intValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue
  );
}
