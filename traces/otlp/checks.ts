import { MalformedOtlpError } from './request.ts';

/** proto3 JSON reads null as a field that is not there. */
export function isThere<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** A whole number, in decimal digits or as a JSON number. @throws {MalformedOtlpError} */
export function integer(value: unknown, name: string): bigint {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new MalformedOtlpError(`${name} must be an integer; it is ${JSON.stringify(value)}`);
}

/** @throws {MalformedOtlpError} if the value is not a string. */
export function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new MalformedOtlpError(`${name} must be a string; it is ${kindOf(value)}`);
}

/** @throws {MalformedOtlpError} if the value is not an object. */
export function object<T extends object>(value: T, name: string): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new MalformedOtlpError(`${name} must be an object; it is ${kindOf(value)}`);
}

/** The objects of a list, none if it is not there. @throws {MalformedOtlpError} */
export function objects<T extends object>(
  value: readonly T[] | null | undefined,
  name: string,
): readonly T[] {
  if (!isThere(value)) return [];
  if (!Array.isArray(value)) {
    throw new MalformedOtlpError(`${name} must be an array; it is ${kindOf(value)}`);
  }
  for (const each of value) object(each, name);
  return value;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}
