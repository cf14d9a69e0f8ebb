import { trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on standard output: `ts` (RFC 3339), `service`, and in a span its ids. Requests are
 * logged at `debug` only: at `info` a line a request costs about as much as a span and says less.
 * @param level a pino level; `LOG_LEVEL` in a program.
 */
export function createLogger(serviceName: string, level = 'info'): Logger {
  return pino({
    level,
    base: { service: serviceName },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    mixin() {
      const span = trace.getActiveSpan()?.spanContext();
      return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
    },
  });
}
