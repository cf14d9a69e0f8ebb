import { randomStream } from '../../mesh/random.ts';
import type { Settings } from './environment.ts';
import type { Logger } from './logger.ts';
import type { PauseAdmin } from './pauses.ts';

/** How long the first request may be waited for. */
const patienceMs = 10_000;
const lookEveryMs = 100;

export interface OwnPausesOptions {
  readonly settings: Settings;
  readonly pauses: Pick<PauseAdmin, 'start'>;
  readonly logger: Logger;
  /** Requests answered so far. */
  requests(): number;
}

/**
 * Starts the pauses that the mesh file gives this service, without being told by the admin API. A
 * ballast is calibrated by the collections that it makes, which are longer under load: so it is
 * begun once a request has been answered, or when none came for a while. What load there is later
 * does not matter much: each pause corrects the next.
 */
export function startOwnPauses(options: OwnPausesOptions): { stop(): void } {
  const { settings, pauses, logger, requests } = options;
  const { serviceName, mesh, seed } = settings;
  const own = mesh.pauses
    .filter(({ service }) => service === serviceName)
    .map(({ service: _, ...pause }) => pause);
  if (own.length === 0) {
    logger.info(`AFTERSHOCK_PAUSES=start: mesh "${mesh.name}" has no pauses for "${serviceName}"`);
    return { stop() {} };
  }
  let stopped = false;
  const waitUntilMs = performance.now() + patienceMs;
  const timer = setInterval(() => {
    if (requests() === 0 && performance.now() < waitUntilMs) return;
    clearInterval(timer);
    // A seed of its own for each, or services with equal plans would pause together.
    const ownSeed = Math.floor(randomStream(seed, `pauses of ${serviceName}`)() * 2 ** 32);
    pauses.start({ seed: ownSeed, pauses: own }).then(
      () => {
        if (!stopped) logger.info({ pauses: own }, 'Pauses started');
      },
      (error) => logger.error({ err: error }, 'Pauses could not be started'),
    );
  }, lookEveryMs);
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
