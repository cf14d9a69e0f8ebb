import type { Logger } from './logger.ts';
import type { TracedResponse } from './server.ts';

/** Lines a second; when everything fails, the log must not be what fails next. */
const maxLinesPerSecond = 50;

/**
 * Logs answered requests: one that failed (5xx, or the client had gone) or took longer than `slowMs`
 * at `warn`, and every one at `debug` instead where that is on.
 * @param slowMs null: none is slow.
 */
export function requestLog(
  logger: Logger,
  slowMs: number | null,
  nowMs: () => number = () => performance.now(),
): (res: TracedResponse, sent: boolean, tookMs: number) => void {
  let secondEndsMs = 0;
  let lines = 0;
  let leftOut = 0;

  function mayLog(): boolean {
    const now = nowMs();
    if (now >= secondEndsMs) {
      if (leftOut > 0) logger.warn({ requests: leftOut }, 'More requests failed or were slow');
      secondEndsMs = now + 1000;
      lines = 0;
      leftOut = 0;
    }
    if (lines >= maxLinesPerSecond) leftOut++;
    else lines++;
    return leftOut === 0;
  }

  return (res, sent, tookMs) => {
    const failed = !sent || res.statusCode >= 500;
    const slow = slowMs !== null && tookMs > slowMs;
    const level = failed || slow ? 'warn' : 'debug';
    if (!logger.isLevelEnabled(level) || (level === 'warn' && !mayLog())) return;
    const { method, url } = res.req;
    logger[level](
      { method, url, route: res.route, status: res.statusCode, sent, tookMs: round(tookMs) },
      failed ? 'Failed' : slow ? 'Slow' : 'Answered',
    );
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
