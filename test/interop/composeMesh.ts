import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportEnvironment } from '../../lab/launch/exportEnvironment.ts';
import type { ManagedProcess } from '../../lab/launch/managedProcess.ts';
import { launchService } from '../../lab/launch/service.ts';
import type { Stack } from './tools/stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 15_000;

/** What the compose file runs beside the stack, as plain processes: three services and the load. */
export interface ComposeMesh {
  readonly entryUrl: string;
  stop(): Promise<void>;
}

/** Starts `mesh/compose.yaml` with pauses and load, exporting to the stack. */
export async function startComposeMesh(stack: Stack): Promise<ComposeMesh> {
  const children: ManagedProcess[] = [];
  const folder = join(stack.folder, 'mesh');
  mkdirSync(folder);
  const env = {
    ...exportEnvironment(stack.otlpUrl, {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=compose',
    }),
    AFTERSHOCK_MESH: join(root, 'mesh/compose.yaml'),
    AFTERSHOCK_PAUSES: 'start',
    LOG_LEVEL: 'error', // two of the three have no pauses to start, and warn
  };
  const stopAll = async () => {
    await Promise.all(children.map((child) => child.stop(stopTimeoutMs)));
  };
  try {
    const urls: Record<string, string> = {};
    for (const name of ['user', 'auth', 'gateway'] as const) {
      const service = await launchService({
        name,
        program: name,
        port: 0,
        env: { ...env, AFTERSHOCK_PEERS: JSON.stringify(urls) },
        logFile: join(folder, `${name}.log`),
        readyTimeoutMs,
        onChild: (child) => children.push(child),
      });
      if (service === null) throw new Error(`${name} asked for any free port and got none`);
      urls[name] = service.url;
    }
    const entryUrl = String(urls.gateway);
    const load = startLoad(entryUrl, stack, env, join(folder, 'load.log'));
    return {
      entryUrl,
      async stop() {
        await ended(load);
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function startLoad(
  target: string,
  stack: Stack,
  env: Readonly<Record<string, string>>,
  logFile: string,
): ChildProcess {
  const log = openSync(logFile, 'a');
  const load = spawn(
    process.execPath,
    ['lab/main.ts', 'load', '--target', target, '--mesh', 'mesh/compose.yaml'].concat([
      '--collector',
      stack.otlpUrl,
    ]),
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return load;
}

/** Ends a process as Ctrl-C does, and resolves when it is gone. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await promise;
  clearTimeout(timer);
}
