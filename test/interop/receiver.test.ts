import { afterAll, beforeAll, describe } from 'vitest';
import { receiverCases } from '../collector/receiverCases.ts';
import { Stack } from './tools/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create();
  // Nothing behind it need be there: it answers for what is in its queue. Without the option it has
  // no door for logs.
  await stack.startCollector(['logs']);
});
afterAll(() => stack.stop());

describe('the real collector as an OTLP receiver', () => {
  receiverCases({
    otlpUrl: () => stack.otlpUrl,
    maxBodyBytes: 4 * 1024 * 1024,
    // It does not look at ids: Jaeger gets them as they are.
    refusesSingleSpans: false,
    // A partial success that is empty: all was taken.
    taken: { json: '{"partialSuccess":{}}', protobuf: '\n\0' },
    differences: {
      'JSON with null for a span': { status: 200 },
      text: { status: 415, plain: true },
      'an unknown encoding': { status: 400, plain: true },
      'an unknown path': { status: 404, plain: true },
      // No Allow header.
      'another method': { status: 405, plain: true },
      // A client takes it for a fault of its own either way: it does not send it again.
      'too much': { status: 400, plain: true },
    },
  });
});
