// Health check of a container: `node ready.js <port>` exits 0 while the service takes requests.
const { get } = require('node:http');

const url = `http://127.0.0.1:${process.argv[2]}/ready`;
get(url, { timeout: 2000 }, ({ statusCode }) => {
  console.log(`${url}: ${statusCode}`);
  process.exit(statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => process.exit(1))
  .on('error', ({ message }) => {
    console.error(`${url}: ${message}`);
    process.exit(1);
  });
