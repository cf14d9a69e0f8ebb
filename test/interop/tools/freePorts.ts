import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** A free port of loopback for each name. All are held until all are known, so none comes twice. */
export async function freePorts<Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const servers = await Promise.all(
    names.map(async (name) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { name, server };
    }),
  );
  const ports = servers.map(
    ({ name, server }) => [name, (server.address() as AddressInfo).port] as const,
  );
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(ports) as Record<Name, number>;
}
