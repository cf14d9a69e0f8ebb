import * as z from 'zod';
import { durationPattern, formatDuration, parseDuration } from './duration.ts';
import { show, suggestion } from './mistakes.ts';

// The kinds of field that a mesh file is made of. Each says once what would be valid; that sentence
// is the message of all its mistakes.

/** A name that is fit for a host name, a service name and a path in a message. */
const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** What zod tells of a mistake. */
export type Issue = { readonly input?: unknown };

export function mustBe(valid: string): (issue: Issue) => string {
  return ({ input }) =>
    input === undefined ? `is missing: must be ${valid}` : `must be ${valid}, is ${show(input)}`;
}

export function whole(min: number, max: number) {
  const error = mustBe(`a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function real(min: number, max: number) {
  const error = mustBe(`a number from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export function text(maxLength: number) {
  const error = mustBe(`a text of at most ${maxLength} characters`);
  return z.string({ error }).max(maxLength, { error });
}

export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, {
    error: ({ input }) =>
      typeof input === 'string'
        ? `unknown value ${show(input)}${suggestion(input, values)}`
        : mustBe(`one of ${values.join(', ')}`)({ input }),
  });
}

export function name(of: string) {
  const error = mustBe(`${of}: lower-case letters, digits and "-", a letter first, at most 63`);
  return z.string({ error }).regex(namePattern, { error });
}

/** For a union that is told apart by `type`: the issue's input is the whole map. */
export function typeMustBe(types: string) {
  return ({ input }: Issue) =>
    mustBe(`one of ${types}`)({ input: (input as { type?: unknown } | undefined)?.type });
}

/** One message a key, on lines of their own: `read.ts` makes each a mistake. */
export function strict<T extends z.core.$ZodLooseShape>(shape: T) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `unknown key ${show(key)}${suggestion(key, keys)}`).join('\n')
        : mustBe(`a map with the keys ${keys.join(', ')}`)(issue),
  });
}

export function list<T extends z.ZodType>(item: T, max: number, what: string) {
  const error = mustBe(`a list of ${what}, at most ${max}`);
  return z.array(item, { error }).max(max, { error });
}

// Node's timers fire at once when asked for more than 2^31 − 1 ms; a day is well below.
const longestMs = 24 * 60 * 60_000;
const shortestMs = 0.001;

type Least = 'zero' | 'above zero';

function isInRange(ms: number, least: Least): boolean {
  return (least === 'zero' && ms === 0) || (ms >= shortestMs && ms <= longestMs);
}

function outOfRange(least: Least): string {
  const zero = least === 'zero' ? '0ms, or ' : '';
  return `must be ${zero}from ${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`;
}

/** A length of time in memory. */
export function milliseconds(least: Least) {
  return z
    .number({ error: mustBe('a number of milliseconds') })
    .refine((ms) => isInRange(ms, least), {
      error: ({ input }) => `${outOfRange(least)}, is ${input}ms`,
    });
}

/** A length of time in the file. */
export function durationText(least: Least) {
  const error = mustBe('a number with a unit, such as 120ms, 1.5s or 2m');
  return z
    .string({
      error: ({ input }) =>
        error({ input }) + (typeof input === 'number' ? `; for milliseconds write ${input}ms` : ''),
    })
    .regex(durationPattern, { error, abort: true })
    .refine((text) => isInRange(parseDuration(text), least), {
      error: ({ input }) => `${outOfRange(least)}, is ${input}`,
    });
}

export function duration(least: Least) {
  return z.codec(durationText(least), milliseconds(least), {
    decode: parseDuration,
    encode: formatDuration,
  });
}
