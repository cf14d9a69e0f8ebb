import { type AnyValue, context, SeverityNumber } from '@opentelemetry/api';
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { ExportQueue } from './exportQueue.ts';
import type { Logger } from './logger.ts';
import { otlpTransport } from './otlpTransport.ts';
import { scope } from './scope.ts';
import type { BatchSettings } from './telemetryEnvironment.ts';

/** Takes the lines of a log and exports them by OTLP. */
export interface LogExport {
  /** A line as our logger writes it; to be called while its request's context is active. */
  write(line: string): void;
  /** Exports what there is, within a time limit. */
  stop(): Promise<void>;
}

const severities: Readonly<Record<string, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

/**
 * Starts the export.
 * @param reporter for losses; a log that is not exported itself.
 */
export function startLogExport(
  resource: Resource,
  { timeoutMs, ...batches }: BatchSettings,
  reporter: Logger,
): LogExport {
  const transport = otlpTransport('LOGS', timeoutMs);
  const queue = new ExportQueue<ReadableLogRecord>({
    // Never undefined: there is something to send.
    serialize: (records) => JsonLogsSerializer.serializeRequest([...records]) as Uint8Array,
    send: transport.send,
    onLoss: (lines, reason) => reporter.warn({ lines }, `Log lines not exported: ${reason}`),
    ...batches,
    maxQueueSize: batches.maxQueueSize ?? 8192,
    stopTimeoutMs: Math.min(timeoutMs ?? Infinity, 3000),
  });
  const provider = new LoggerProvider({
    resource,
    processors: [
      {
        onEmit: (record) => queue.add(record),
        forceFlush: () => queue.flush(),
        shutdown: () => queue.shutdown(),
      },
    ],
  });
  const logger = provider.getLogger(scope.name, scope.version);
  let stopped = false;

  return {
    write(line) {
      if (stopped) return;
      // What the resource and the span's context say is not said again.
      const { level, ts, service, env, trace_id, span_id, msg, err, ...rest } = JSON.parse(line);
      logger.emit({
        timestamp: new Date(ts),
        severityNumber: severities[level] ?? SeverityNumber.UNSPECIFIED,
        severityText: level,
        body: msg,
        attributes: { ...rest, ...exception(err) },
        context: context.active(),
      });
    },
    async stop() {
      stopped = true;
      await provider.shutdown();
      transport.close();
    },
  };
}

/** An error as pino writes it, under the names of the semantic conventions. */
function exception(error: Partial<Record<string, string>> | undefined): Record<string, AnyValue> {
  if (error === undefined) return {};
  const { type, message, stack, ...rest } = error;
  return {
    'exception.type': rest.code ?? type,
    'exception.message': message,
    'exception.stacktrace': stack,
  };
}
