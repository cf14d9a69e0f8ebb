import * as z from 'zod';
import type { PauseOrder, PausePlan } from './protocol.ts';

/** Longer than any pause worth studying; keeps a slip of the pen from stopping a service for good. */
const LONGEST_PAUSE_MS = 60_000;

const durationMs = z.number().positive().max(LONGEST_PAUSE_MS);
const positive = z.number().positive();
const phase = z.enum(['poll', 'check', 'timers']);
const kind = z.string().min(1);

const order = z.strictObject({ kind, durationMs, phase });

const plan = z.strictObject({
  seed: z.number().int().min(0).max(0xffff_ffff),
  pauses: z
    .array(
      z
        .strictObject({
          kind,
          duration: z.discriminatedUnion('type', [
            z.strictObject({ type: z.literal('constant'), value: durationMs }),
            z.strictObject({
              type: z.literal('lognormal'),
              median: durationMs,
              sigma: z.number().min(0).max(5),
            }),
            z.strictObject({ type: z.literal('exponential'), mean: durationMs }),
          ]),
          every: z
            .discriminatedUnion('type', [
              z.strictObject({ type: z.literal('fixed'), value: positive }),
              z.strictObject({ type: z.literal('poisson'), mean: positive }),
            ])
            .nullable(),
          once: z.number().min(0).nullable(),
          phase,
        })
        .refine(({ every, once }) => (every === null) !== (once === null), {
          message: 'give either every or once, and null for the other',
        }),
    )
    .max(100),
});

/** @throws {TypeError} that names every mistake. */
export function readOrder(body: unknown): PauseOrder {
  return read(order, body, 'pause order {kind, durationMs, phase}');
}

/** @throws {TypeError} that names every mistake. */
export function readPlan(body: unknown): PausePlan {
  return read(plan, body, 'pause plan {seed, pauses}');
}

function read<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
  );
  throw new TypeError(`Not a ${what}: ${mistakes.join('; ')}`);
}
