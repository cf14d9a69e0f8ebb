/** An HTTP service that nobody traces and that answers at once; forked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = JSON.stringify({ name: 'user 42' });
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.once('disconnect', () => process.exit());
