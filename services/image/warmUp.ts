import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../../mesh/mesh.ts';
import type { ServiceMessage } from '../kit/protocol.ts';

// Runs while the image is built: `node warmUp.js <mesh file>` starts and ends each program, so that
// Node's compile cache holds what a start loads, and no image is made whose programs cannot start.

const limitMs = 60_000;
/** Each program, and a service of the mesh for it to be. */
const programs: Record<Program, string> = {
  gateway: 'gateway',
  auth: 'auth',
  user: 'user',
  relay: 'user',
};

async function startAndStop(program: string, service: string, meshFile: string): Promise<void> {
  const child = fork(`services/${program}.js`, {
    env: {
      ...process.env,
      AFTERSHOCK_MESH: meshFile,
      AFTERSHOCK_SERVICE: service,
      PORT: '0',
      LOG_LEVEL: 'warn',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', // the discard port: no collector here
      OTEL_METRICS_EXPORTER: 'otlp',
    },
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = new Promise<true>((resolve) => {
    child.on('message', (message: ServiceMessage) => {
      if (message.type === 'ready') resolve(true);
    });
  });
  const isReady = await Promise.race([ready, exited.then(() => false), sleep(limitMs, false)]);
  child.kill(isReady ? 'SIGTERM' : 'SIGKILL');
  if (!isReady || (await exited) !== 0) throw new Error(`${program} cannot start in this image`);
}

async function main(meshFile: string): Promise<void> {
  for (const [program, service] of Object.entries(programs)) {
    await startAndStop(program, service, meshFile);
  }
}

main(process.argv[2] ?? '').then(
  () => process.exit(),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
