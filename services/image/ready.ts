import { get } from 'node:http';

// Health check inside the image, which has no shell: `node ready.js <port>` exits 0 while the
// service there takes requests.

const url = `http://127.0.0.1:${process.argv[2]}/ready`;
const answered = get(url, { timeout: 3000 }, ({ statusCode }) => {
  console.log(`${url}: ${statusCode}`);
  process.exit(statusCode === 200 ? 0 : 1);
});
answered.on('timeout', () => answered.destroy(new Error('no answer within 3 s')));
answered.on('error', ({ message }) => {
  console.error(`${url}: ${message}`);
  process.exit(1);
});
