import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Response, Router } from 'express';
import { systemClock } from '../../pauses/clock.ts';
import { Problem } from './problem.ts';

/** As Go's net/http/pprof: seconds where nobody asks for a number. */
const defaultSeconds = 30;
const maxSeconds = 120;

/** V8's own default: 1 kHz. */
const intervalMicros = 1000;

/**
 * `GET /debug/pprof/profile?seconds=N`: what this thread does for N seconds, above 0 and at most
 * 120, as a gzipped pprof profile, which `go tool pprof` and speedscope open. One at a time: 409 to
 * a second. Taking one slows the service down; a client that goes away ends it.
 */
export function profileRoutes(): Router {
  let running = false;
  const router = Router();
  router.get('/debug/pprof/profile', async (request, response) => {
    const { searchParams } = new URL(request.url, 'http://admin');
    const seconds = readSeconds(searchParams);
    if (seconds === null) {
      const detail = `seconds must be above 0 and at most ${maxSeconds}, got "${searchParams}"`;
      return refuse(response, 400, 'bad-seconds', detail);
    }
    if (running) {
      return refuse(
        response,
        409,
        'profile-runs',
        'A profile is being taken; ask again when it is done',
      );
    }
    running = true;
    try {
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const profile = await record(seconds * 1000, gone.signal);
      if (gone.signal.aborted) return;
      response
        .type('application/octet-stream')
        .set('content-disposition', 'attachment; filename="profile.pb.gz"')
        .send(profile);
    } finally {
      running = false;
    }
  });
  return router;
}

/** null for what is no number of seconds in the limits. */
function readSeconds(query: URLSearchParams): number | null {
  const texts = query.getAll('seconds');
  if (texts.length === 0) return defaultSeconds;
  const seconds = texts.length === 1 && /^\d+(\.\d+)?$/.test(texts[0] ?? '') ? Number(texts[0]) : 0;
  return seconds > 0 && seconds <= maxSeconds ? seconds : null;
}

/** Ends early when `signal` aborts. */
async function record(durationMs: number, signal: AbortSignal): Promise<Buffer> {
  const { Session } = await import('node:inspector/promises');
  const { toPprof } = await import('./pprof.ts');
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: intervalMicros });
    const startUnixNano = systemClock.unixNano(systemClock.monotonicNano());
    await session.post('Profiler.start');
    await ended(durationMs, signal);
    const { profile } = await session.post('Profiler.stop');
    return await promisify(gzip)(toPprof(profile, startUnixNano, intervalMicros));
  } finally {
    session.disconnect();
  }
}

function ended(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function refuse(response: Response, status: number, code: string, detail: string): void {
  const problem = new Problem(status, code, detail);
  response.status(status).type('application/problem+json').send(problem.body('admin', undefined));
}
