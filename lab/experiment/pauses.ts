import type { Mesh } from '../../mesh/mesh.ts';
import { mean, randomStream } from '../../mesh/random.ts';
import type { PauseOrder } from '../../services/kit/protocol.ts';
import type { Stage } from '../launch/stage.ts';

/** Time that a service may take to answer, its own pause included. */
const answerTimeoutMs = 15_000;
/** Time that preparing a pause may take: a ballast is built and calibrated under load. */
const prepareTimeoutMs = 60_000;

/** Names of the services that have pauses. */
export function pausedServices(mesh: Pick<Mesh, 'pauses'>): string[] {
  return [...new Set(mesh.pauses.map(({ service }) => service))];
}

/**
 * Has every service get ready for its pauses, those of a service one after the other.
 * @throws {Error} if one cannot.
 */
export async function preparePauses(stage: Stage, mesh: Mesh): Promise<void> {
  await Promise.all(
    pausedServices(mesh).map(async (service) => {
      const orders = new Map<string, PauseOrder>();
      for (const pause of mesh.pauses) {
        if (pause.service !== service) continue;
        const order = { kind: pause.kind, durationMs: mean(pause.duration), phase: pause.phase };
        orders.set(`${order.kind} ${order.durationMs}`, order);
      }
      for (const order of orders.values()) {
        await stage.admin(service).preparePause(order, prepareTimeoutMs);
      }
    }),
  );
}

/** @throws {Error} if a service does not take its plan. */
export async function startPauses(stage: Stage, mesh: Mesh): Promise<void> {
  await Promise.all(
    pausedServices(mesh).map((service) => {
      const pauses = mesh.pauses
        .filter((pause) => pause.service === service)
        .map(({ service: _, ...pause }) => pause);
      // A seed of its own for each, or services with equal plans would pause together.
      const seed = Math.floor(randomStream(mesh.seed, `pauses of ${service}`)() * 2 ** 32);
      return stage.admin(service).startPauses({ seed, pauses }, answerTimeoutMs);
    }),
  );
}

/** Resolves when no more pauses are made. @throws {Error} if a service does not answer. */
export async function stopPauses(stage: Stage, mesh: Mesh): Promise<void> {
  await Promise.all(
    pausedServices(mesh).map((service) => stage.admin(service).stopPauses(answerTimeoutMs)),
  );
}

/** Pauses made so far by all services together; those that do not answer count 0. */
export async function countPauses(stage: Stage, mesh: Mesh): Promise<number> {
  const counts = await Promise.all(
    pausedServices(mesh).map((service) =>
      stage
        .admin(service)
        .stats(answerTimeoutMs)
        .then(({ pauses }) => pauses)
        .catch(() => 0),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
