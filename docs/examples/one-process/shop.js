import { SpanKind, trace } from '@opentelemetry/api';
import express from 'express';

const tracer = trace.getTracer('shop');

/** Stands in for a database. */
function query(statement) {
  return tracer.startActiveSpan(statement, { kind: SpanKind.CLIENT }, async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    span.end();
    return { price: 3 };
  });
}

export const shop = express();
shop.get('/baskets/:id', async (_request, response) => {
  const { price } = await query('SELECT prices');
  response.json({ total: price });
});
// One query for each thing in it: the fault that such tests find.
shop.get('/slow-baskets/:id', async (_request, response) => {
  let total = 0;
  for (let i = 0; i < 5; i++) total += (await query('SELECT prices')).price;
  response.json({ total });
});
