import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pauseHitTraces } from './pauseHitTraces.ts';

/**
 * Health check of the lab's container: exits 0 if, lately, a trace has gone all the way from the
 * load through the mesh and the collector to where it can be read, and a pause has hit one.
 * Says what is missing otherwise. `AFTERSHOCK_QUERY` is the query API's address;
 * `AFTERSHOCK_PAUSES=off` asks for a trace only.
 */

const lookBackMs = 5 * 60_000;
/** Health is asked for often while things start; a good answer holds for this long. */
const goodForMs = 30_000;
const goodFile = join(tmpdir(), 'aftershock-arrived');

const goodMs = statSync(goodFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (Date.now() - goodMs > goodForMs) {
  try {
    const found = await pauseHitTraces({
      queryUrl: process.env.AFTERSHOCK_QUERY ?? 'http://127.0.0.1:16686',
      nowMs: Date.now(),
      lookBackMs,
      signal: AbortSignal.timeout(4000),
    });
    const wantsPause = process.env.AFTERSHOCK_PAUSES !== 'off';
    if (found.traces === 0) throw new Error('no trace of the load has arrived');
    if (wantsPause && found.pauses === 0) throw new Error('no pause has arrived');
    if (wantsPause && found.hit.length === 0) throw new Error('no pause has hit a trace');
    console.log(found.hit[0] ?? `${found.traces} traces`);
    closeSync(openSync(goodFile, 'a'));
    utimesSync(goodFile, new Date(), new Date());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
