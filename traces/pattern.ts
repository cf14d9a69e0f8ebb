import { serviceOf } from './service.ts';
import type { AttributeValue, Span, SpanKind } from './span.ts';

/** As vitest's `expect.any(…)`, `expect.stringContaining(…)` and so forth are. */
export interface Asymmetric {
  asymmetricMatch(value: unknown): boolean;
}

/** A value as it must be; or an expression for a text, or an asymmetric matcher. */
export type Expected<T> = T | RegExp | Asymmetric;

export interface EventPattern {
  readonly name?: Expected<string>;
  readonly attributes?: AttributesPattern;
}

/** `undefined` is for an attribute that must not be there. */
export type AttributesPattern = Readonly<Record<string, Expected<AttributeValue> | undefined>>;

/** What a span must be; what is not named may be anything. */
export interface SpanPattern {
  readonly service?: Expected<string>;
  readonly name?: Expected<string>;
  readonly kind?: Expected<SpanKind>;
  readonly status?: Expected<Span['status']['code']>;
  readonly statusMessage?: Expected<string>;
  /** Of the span's attributes, those that matter. */
  readonly attributes?: AttributesPattern;
  /** Of the resource's attributes, those that matter. */
  readonly resource?: AttributesPattern;
  /** Each must be among the span's events. */
  readonly events?: readonly EventPattern[];
  readonly scope?: Expected<string>;
  readonly spanId?: Expected<string>;
}

/** One thing in which a span is not what it should be. */
export interface Difference {
  /** Such as `name` or `attributes["http.route"]`. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

const fields = new Set([
  'service',
  'name',
  'kind',
  'status',
  'statusMessage',
  'attributes',
  'resource',
  'events',
  'scope',
  'spanId',
]);

/**
 * In what a span differs from a pattern; empty: it fits.
 * @throws {TypeError} if the pattern has a field that there is not: it would never be looked at.
 */
export function differences(span: Span, pattern: SpanPattern): Difference[] {
  checkPattern(pattern);
  const found: Difference[] = [];
  const compare = (path: string, actual: unknown, expected: unknown) => {
    if (!fits(actual, expected)) {
      found.push({ path, expected: show(expected), actual: show(actual) });
    }
  };
  if (pattern.service !== undefined) compare('service', serviceOf(span), pattern.service);
  if (pattern.name !== undefined) compare('name', span.name, pattern.name);
  if (pattern.kind !== undefined) compare('kind', span.kind, pattern.kind);
  if (pattern.status !== undefined) compare('status', span.status.code, pattern.status);
  if (pattern.statusMessage !== undefined) {
    compare('statusMessage', span.status.message, pattern.statusMessage);
  }
  if (pattern.scope !== undefined) compare('scope', span.scope.name, pattern.scope);
  if (pattern.spanId !== undefined) compare('spanId', span.spanId, pattern.spanId);
  found.push(...attributeDifferences('attributes', span.attributes, pattern.attributes));
  found.push(...attributeDifferences('resource', span.resource.attributes, pattern.resource));
  for (const event of pattern.events ?? []) found.push(...eventDifferences(span, event));
  return found;
}

export function attributeDifferences(
  path: string,
  actual: Readonly<Record<string, AttributeValue>>,
  expected: AttributesPattern = {},
): Difference[] {
  return Object.entries(expected).flatMap(([key, value]) => {
    const has = Object.hasOwn(actual, key) ? actual[key] : undefined;
    if (fits(has, value)) return [];
    return { path: `${path}["${key}"]`, expected: show(value), actual: show(has) };
  });
}

/** Of the event that comes nearest; empty: one of them fits. */
export function eventDifferences(span: Span, pattern: EventPattern): Difference[] {
  const misses = span.events.flatMap(({ name, attributes }, i) =>
    pattern.name === undefined || fits(name, pattern.name)
      ? [attributeDifferences(`events[${i}].attributes`, attributes, pattern.attributes)]
      : [],
  );
  const [nearest] = misses.sort((a, b) => a.length - b.length);
  if (nearest !== undefined) return nearest;
  const names = span.events.map(({ name }) => name);
  return [{ path: 'events', expected: `one of ${describePattern(pattern)}`, actual: show(names) }];
}

/** Whether `actual` is as expected: equal, or fitting an expression or an asymmetric matcher. */
export function fits(actual: unknown, expected: unknown): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual);
  if (expected instanceof RegExp) {
    return (
      typeof actual === 'string' &&
      new RegExp(expected, expected.flags.replace(/[gy]/g, '')).test(actual)
    );
  }
  if (typeof actual === 'bigint' || typeof expected === 'bigint') {
    // An OTLP integer is a bigint only where it must be: the test need not know.
    return isInteger(actual) && isInteger(expected) && BigInt(actual) === BigInt(expected);
  }
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== 'object' || typeof expected !== 'object') return false;
  if (actual === null || expected === null) return false;
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (actual instanceof Uint8Array || expected instanceof Uint8Array) {
    if (!(actual instanceof Uint8Array && expected instanceof Uint8Array)) return false;
    return actual.length === expected.length && actual.every((byte, i) => byte === expected[i]);
  }
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every(
      (key) =>
        Object.hasOwn(actual, key) &&
        fits((actual as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]),
    )
  );
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Asymmetric>).asymmetricMatch === 'function'
  );
}

/** A pattern in one line, such as `{ service: "auth", name: /^GET/ }`. */
export function describePattern(pattern: object): string {
  return show(pattern);
}

/** A value, or what stands for one, in one line. */
export function show(value: unknown): string {
  if (value === undefined) return '(none)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (isAsymmetric(value)) return showAsymmetric(value);
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([key, each]) => {
      const name = /^[a-zA-Z_]\w*$/.test(key) ? key : JSON.stringify(key);
      return `${name}: ${show(each)}`;
    });
    return parts.length > 0 ? `{ ${parts.join(', ')} }` : '{}';
  }
  return String(value);
}

function showAsymmetric(value: Asymmetric): string {
  const { toAsymmetricMatcher, sample } = value as Asymmetric & {
    toAsymmetricMatcher?: () => string;
    sample?: unknown;
  };
  if (typeof toAsymmetricMatcher === 'function') return toAsymmetricMatcher.call(value);
  const inner =
    sample === undefined ? '' : typeof sample === 'function' ? sample.name : show(sample);
  const name = String(value);
  return name === '[object Object]' ? 'an asymmetric matcher' : `${name}<${inner}>`;
}

function checkPattern(pattern: SpanPattern): void {
  for (const key of Object.keys(pattern)) {
    if (!fields.has(key)) {
      throw new TypeError(
        `A pattern of a span has no field "${key}"; it may have ${[...fields].join(', ')}`,
      );
    }
  }
}
