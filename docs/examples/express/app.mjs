import express from 'express';

const app = express();
app.get('/', (_request, response) => {
  response.send('hello');
});
// Computes for 150 ms: meanwhile nobody else is served.
app.get('/report', (_request, response) => {
  for (const end = performance.now() + 150; performance.now() < end; );
  response.send('done');
});
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${server.address().port}`);
});
