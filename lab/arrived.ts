import { statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMesh } from '../mesh/read.ts';
import { JaegerSource } from '../traces/source/jaeger.ts';
import { findArrival } from './arrival.ts';

/**
 * Health check of the lab's container: `arrived.js <mesh file>` exits 0 if lately a trace has gone
 * all the way from the load through the mesh and the collector to where it is read, and a pause has
 * hit it. `AFTERSHOCK_QUERY` is the query API; with `AFTERSHOCK_PAUSES=off` any trace will do.
 */

const lookBackMs = 120_000;
const limitMs = 4000;
/** A good answer holds for this long: while things start, health is asked for often. */
const goodForMs = 30_000;
const goodFile = join(tmpdir(), 'aftershock-arrived');

const goodSinceMs = statSync(goodFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (Date.now() - goodSinceMs > goodForMs) {
  try {
    const mesh = readMesh(process.argv[2] ?? 'mesh/compose.yaml');
    const traceId = await findArrival({
      source: new JaegerSource(process.env.AFTERSHOCK_QUERY ?? 'http://127.0.0.1:16686', {
        timeoutMs: limitMs,
        attempts: 1,
      }),
      mesh,
      nowUnixNano: BigInt(Date.now()) * 1_000_000n,
      lookBackMs,
      hitByPause: mesh.pauses.length > 0 && process.env.AFTERSHOCK_PAUSES !== 'off',
      signal: AbortSignal.timeout(limitMs),
    });
    writeFileSync(goodFile, traceId);
    console.log(`trace ${traceId}`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
