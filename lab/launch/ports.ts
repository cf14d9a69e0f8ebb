/**
 * Ports asked for on the command line, by name of a service, or `otlp` or `query` for the
 * collector's. Where a port is not asked for, the default is only a wish: if it is taken, any free
 * one is used instead.
 */
export type AskedPorts = Readonly<Record<string, number>>;

export interface PortChoice {
  readonly port: number;
  readonly asked: boolean;
}

export function choosePort(asked: AskedPorts, name: string, defaultPort: number): PortChoice {
  const port = asked[name];
  return port === undefined ? { port: defaultPort, asked: false } : { port, asked: true };
}

/**
 * Starts something with the chosen port, and once more with any free one if the port is taken and
 * was nobody's explicit wish.
 *
 * @param start resolves with null when the port is taken, rejects for any other trouble.
 * @param say told of the change.
 * @throws {Error} if a port asked for is taken.
 */
export async function withPort<Started>(
  name: string,
  choice: PortChoice,
  start: (port: number) => Promise<Started | null>,
  say: (line: string) => void,
): Promise<Started> {
  const first = await start(choice.port);
  if (first !== null) return first;
  if (choice.asked) throw takenPortError(name, choice.port);
  say(`port ${choice.port} for ${name} is taken: a free one is used instead`);
  const second = await start(0);
  if (second === null) throw new Error(`No free port for ${name}`);
  return second;
}

export function takenPortError(name: string, port: number): Error {
  return new Error(
    `Port ${port} for ${name}, asked for with --port ${name}=${port}, is taken; choose another, ` +
      `or --port ${name}=0 for any free one`,
  );
}
