import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../mesh/duration.ts';
import type { Milliseconds } from '../../mesh/mesh.ts';

// Parsers for commander: each throws InvalidArgumentError, whose message follows the option's name.

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

export function seed(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 0xffff_ffff) {
    throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
  }
  return value;
}

export function duration(text: string): Milliseconds {
  let value: number;
  try {
    value = parseDuration(text);
  } catch {
    throw new InvalidArgumentError('It must be a number with a unit, such as 500ms, 30s or 2m.');
  }
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** Collects `NAME=PORT`, each name once. */
export function namedPort(
  text: string,
  ports: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const [, name = '', digits = ''] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (name === '' || port > 65_535) {
    throw new InvalidArgumentError(
      'It must be NAME=PORT, such as gateway=8080, otlp=4318 or query=0 (any free one).',
    );
  }
  return { ...ports, [name]: port };
}
