import { trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';

export type { Logger };

/** From the most to the least talkative. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** The field `env` of every line, such as `production`. */
  readonly environment?: string | undefined;
  /** Gets every line, beside standard output. */
  readonly onLine?: (line: string) => void;
}

/** Lines that could not be written are kept up to here; the next ones are dropped. */
const maxUnwrittenBytes = 64 * 1024;

/**
 * JSON lines on standard output: `ts` (RFC 3339), `service`, `env` where it is known, and in a span
 * its ids. Requests that went well are logged at `debug` only: at `info` a line a request costs
 * about as much as a span and says less.
 */
export function createLogger(
  serviceName: string,
  level: LogLevel = 'info',
  { environment, onLine }: LoggerOptions = {},
): Logger {
  const fd = process.stdout.fd ?? 1;
  const stdout = pino.destination({ fd, sync: true, maxLength: maxUnwrittenBytes });
  // A service whose log nobody takes, as on a full disk, still serves; each line tries again.
  stdout.on('error', () => {});
  const destination =
    onLine === undefined
      ? stdout
      : {
          write(line: string) {
            stdout.write(line);
            onLine(line);
          },
        };
  return pino(
    {
      level,
      base: { service: serviceName, ...(environment === undefined ? {} : { env: environment }) },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      mixin() {
        const span = trace.getActiveSpan()?.spanContext();
        return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
      },
    },
    destination,
  );
}

/** @throws {Error} for a word that is no level; not set means `info`. */
export function readLogLevel(text: string | undefined): LogLevel {
  const level = logLevels.find((known) => known === (text || 'info'));
  if (level !== undefined) return level;
  throw new Error(`LOG_LEVEL must be one of ${logLevels.join(', ')}, got "${text}"`);
}
