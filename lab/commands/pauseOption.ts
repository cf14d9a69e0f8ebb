import { parseDuration } from '../../mesh/duration.ts';
import type { Distribution, Pause, Phase } from '../../mesh/mesh.ts';

export const pauseGrammar = `SERVICE=KIND:LENGTH/EVERY[,phase=PHASE] or SERVICE=KIND:LENGTH@AFTER[,phase=PHASE]
  KIND    gc, block, freeze, delay, or the path of a strategy module
  LENGTH  120ms, exponential:120ms, or lognormal:120ms:0.5 (median and sigma)
  EVERY   3s (fixed), or poisson:3s (at random, 3 s on average)
  AFTER   a single pause, this long after the pauses begin
  PHASE   poll, check or timers: where in the event loop (poll if not given)`;

const phases: readonly Phase[] = ['poll', 'check', 'timers'];

/**
 * Reads a pause of the command line, such as `user=gc:120ms/poisson:3s`; the grammar is
 * {@link pauseGrammar}.
 * @throws {SyntaxError} that says what would be valid. Ranges are for the mesh's own check.
 */
export function parsePause(text: string): Pause {
  const match =
    /^(?<service>[^=]+)=(?<kind>[^:]+):(?<length>[^/@,]+)(?<sign>[/@])(?<when>[^/@,]+)(?:,phase=(?<phase>\w+))?$/.exec(
      text,
    )?.groups;
  if (match === undefined) throw mistake(text, 'it is not of that form');
  const { service = '', kind = '', length = '', sign, when = '', phase = 'poll' } = match;
  if (!isPhase(phase)) {
    throw mistake(text, `"${phase}" is no phase`);
  }
  return {
    service,
    kind,
    duration: parseLength(text, length),
    every: sign === '@' ? null : parseEvery(text, when),
    once: sign === '@' ? parseTime(text, when) : null,
    phase,
  };
}

function parseLength(text: string, length: string): Distribution {
  const [first = '', second, third, ...rest] = length.split(':');
  if (second === undefined) return { type: 'constant', value: parseTime(text, first) };
  if (first === 'exponential' && third === undefined) {
    return { type: 'exponential', mean: parseTime(text, second) };
  }
  if (first === 'lognormal' && third !== undefined && rest.length === 0) {
    const sigma = Number(third);
    if (!Number.isFinite(sigma)) throw mistake(text, `"${third}" is no number`);
    return { type: 'lognormal', median: parseTime(text, second), sigma };
  }
  throw mistake(text, `"${length}" is no LENGTH`);
}

function parseEvery(text: string, when: string): Pause['every'] {
  const [first = '', second, ...rest] = when.split(':');
  if (second === undefined) return { type: 'fixed', value: parseTime(text, first) };
  if (first === 'poisson' && rest.length === 0) {
    return { type: 'poisson', mean: parseTime(text, second) };
  }
  throw mistake(text, `"${when}" is no EVERY`);
}

function parseTime(text: string, time: string): number {
  try {
    return parseDuration(time);
  } catch (cause) {
    throw mistake(text, (cause as Error).message);
  }
}

function isPhase(text: string): text is Phase {
  return (phases as readonly string[]).includes(text);
}

function mistake(text: string, what: string): SyntaxError {
  return new SyntaxError(`Cannot read the pause "${text}": ${what}. It must be\n${pauseGrammar}`);
}
