import type { UnixMicros } from './time.ts';

const sentMicros = new WeakMap<object, UnixMicros>();

/**
 * Says of a client span, before it ends, when its answer was sent, by the clock of whoever sent it.
 * To be called only of answers that took longer than usual: when they came here is then looked for.
 */
export function answerWasSent(span: object, sentUnixMicros: UnixMicros): void {
  sentMicros.set(span, sentUnixMicros);
}

/** Null: nobody has said. */
export function answerSentMicros(span: object): UnixMicros | null {
  return sentMicros.get(span) ?? null;
}
