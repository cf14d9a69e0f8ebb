import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ServiceMessage } from '../../services/kit/protocol.ts';

/** A service as a process of its own; `said` are its messages, `log` what it wrote. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly said: ServiceMessage[];
  readonly log: Promise<string>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts a service as the lab does; without telemetry unless `env` says otherwise.
 * @param stdout a file descriptor in place of the pipe that `log` is read from.
 */
export function launch(
  name: 'user' | 'relay',
  meshPath: string,
  env: Readonly<Record<string, string>> = {},
  stdout: 'pipe' | number = 'pipe',
): ServiceProcess {
  const child = fork(`services/${name}.ts`, {
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
    env: {
      ...process.env,
      AFTERSHOCK_MESH: meshPath,
      PORT: '0',
      OTEL_SDK_DISABLED: 'true',
      ...env,
    },
  });
  const said: ServiceMessage[] = [];
  child.on('message', (message) => said.push(message as ServiceMessage));
  const log = child.stdout === null ? Promise.resolve('') : text(child.stdout);
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, said, log, ended };
}

export async function ready({ child, said }: ServiceProcess) {
  if (said.length === 0) await once(child, 'message');
  const [message] = said;
  if (message?.type !== 'ready') throw new Error(`Not ready: ${JSON.stringify(message)}`);
  return message;
}
