import type { Program } from '../../mesh/mesh.ts';
import { readSettings } from './environment.ts';
import type { LogExport } from './logExport.ts';
import { createLogger, readLogLevel } from './logger.ts';
import type { ServiceMessage } from './protocol.ts';
import { readEnvironmentName, serviceResource } from './resource.ts';
import type { RunningService, StartOptions } from './service.ts';
import { startTelemetry } from './telemetry.ts';
import { readTelemetrySettings } from './telemetryEnvironment.ts';

/** When each stage of a start was over, in milliseconds since the process began. */
export interface StartupMs {
  readonly node: number;
  readonly imported: number;
  readonly tracing: number;
  readonly listening: number;
}

/**
 * Runs a service as a process of its own: settings from the environment, telemetry before anything
 * else, news over IPC where there is a parent, a clean end on SIGTERM.
 */
export async function runProgram(
  program: Program,
  start: (options: StartOptions) => Promise<RunningService>,
): Promise<void> {
  const importedMs = performance.now();
  const name = process.env.AFTERSHOCK_SERVICE ?? program;
  const resource = serviceResource(name);
  const environment = readEnvironmentName(resource);
  let logger = createLogger(name, 'info', { environment });
  const ended = stopSignal();
  let logExport: LogExport | null = null;
  let service: RunningService;
  try {
    const level = readLogLevel(process.env.LOG_LEVEL);
    logger.level = level;
    const telemetrySettings = readTelemetrySettings(process.env);
    if (telemetrySettings.logs && !telemetrySettings.disabled) {
      const { startLogExport } = await import('./logExport.ts');
      logExport = startLogExport(resource, telemetrySettings.logRecords, logger);
      logger = createLogger(name, level, { environment, onLine: logExport.write });
    }
    const settings = await readSettings(program, process.env);
    const telemetry = startTelemetry(settings.serviceName, logger, resource);
    const tracingMs = performance.now();
    try {
      service = await start({ settings, telemetry, logger });
      const startupMs: StartupMs = {
        node: performance.nodeTiming.bootstrapComplete,
        imported: importedMs,
        tracing: tracingMs,
        listening: performance.now(),
      };
      logger.info({ startupMs }, 'Started');
    } catch (error) {
      await telemetry.stop();
      throw error;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    logger.fatal({ err: error }, `Cannot start ${name}: ${message}`);
    process.exitCode = 1;
    await logExport?.stop();
    await tell({ type: 'failed', code: code ?? null, message });
    process.exit();
  }
  await tell({ type: 'ready', url: service.url, adminUrl: service.adminUrl });
  const reason = await ended;
  logger.info({ reason }, 'Stopping');
  await service.stop();
  await logExport?.stop();
  await tell({ type: 'stopped', stats: service.stats() });
  // All is said: a given-up export that the SDK still retries would keep the process for seconds.
  process.exit();
}

/** Resolves with the reason when the process is asked to end, or its parent has gone. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve('SIGTERM'));
    if (process.send === undefined) process.on('SIGINT', () => resolve('SIGINT'));
    else {
      // A terminal sends SIGINT to the whole group: our parent decides when we end.
      process.on('SIGINT', () => {});
      process.once('disconnect', () => resolve('the parent is gone'));
    }
  });
}

/** Resolves when the parent has the message, or there is none to have it. */
function tell(message: ServiceMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, () => resolve());
  });
}
