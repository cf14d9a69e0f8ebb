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

/** Starts a service as the lab does; without telemetry unless `env` says otherwise. */
export function launch(
  name: 'user' | 'relay',
  meshPath: string,
  env: Readonly<Record<string, string>> = {},
): ServiceProcess {
  const child = fork(`services/${name}.ts`, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
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
  const log = text(child.stdout as NonNullable<typeof child.stdout>);
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, said, log, ended };
}

export async function ready({ child, said }: ServiceProcess) {
  if (said.length === 0) await once(child, 'message');
  const [message] = said;
  if (message?.type !== 'ready') throw new Error(`Not ready: ${JSON.stringify(message)}`);
  return message;
}
