import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { traceSnapshot } from '../../traces/vitest/traceSnapshot.ts';
import { whole } from './matcherRows.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

describe('traceSnapshot()', () => {
  const one = (attributes: Span['attributes'], name = 'a') =>
    new Trace([{ ...at('a', '', 0, 1), name, attributes }]);

  test.each<{ key: string; value: Span['attributes'][string]; want: string }>([
    { key: 'server.port', value: 8080, want: '<port>' },
    { key: 'net.peer.port', value: 8080, want: '<port>' },
    { key: 'process.pid', value: 7, want: '<pid>' },
    { key: 'thread.id', value: 7, want: '<pid>' },
    { key: 'server.address', value: 'db-7f', want: '<host>' },
    { key: 'host.name', value: 'laptop', want: '<host>' },
    { key: 'service.version', value: '1.2.3', want: '<version>' },
    { key: 'user_agent.original', value: 'axios/1', want: '<version>' },
    { key: 'network.protocol.version', value: '1.1', want: '"1.1"' },
    { key: 'job.duration', value: 5.3, want: '<duration>' },
    { key: 'wait_ms', value: 5.3, want: '<duration>' },
    { key: 'exception.stacktrace', value: 'at x:1', want: '<stacktrace>' },
    { key: 'service.instance.id', value: 'x', want: '<id>' },
    { key: 'user.id', value: 42, want: '42' },
    { key: 'port', value: 80, want: '<port>' },
    { key: 'port.count', value: 2, want: '2' },
    { key: 'pid', value: 7, want: '<pid>' },
    { key: 'pid.count', value: 2, want: '2' },
    { key: 'web.host.color', value: 'red', want: '"red"' },
    { key: 'server.address.count', value: 2, want: '2' },
    { key: 'net.peer.name', value: 'db-7f', want: '<host>' },
    { key: 'vnet.peer.color', value: 'red', want: '"red"' },
    { key: 'hostname', value: 'db-7f', want: '<host>' },
    { key: 'db.hostname', value: 'db-7f', want: '<host>' },
    { key: 'hostname.length', value: 5, want: '5' },
    { key: 'http.host', value: 'db-7f', want: '<host>' },
    { key: 'x-http.host', value: 'db-7f', want: '"db-7f"' },
    { key: 'http.host.color', value: 'red', want: '"red"' },
    { key: 'version', value: '1.2.3', want: '<version>' },
    { key: 'version.count', value: 2, want: '2' },
    { key: 'x.user_agent.original', value: 'axios/1', want: '"axios/1"' },
    { key: 'user_agent.original.length', value: 7, want: '7' },
    { key: 'http.user_agent', value: 'axios/1', want: '<version>' },
    { key: 'x-http.user_agent', value: 'axios/1', want: '"axios/1"' },
    { key: 'http.user_agent.length', value: 7, want: '7' },
    { key: 'latency', value: 5.3, want: '<duration>' },
    { key: 'latency.count', value: 2, want: '2' },
    { key: 'wait_ms.count', value: 2, want: '2' },
    { key: 'time', value: 5, want: '<time>' },
    { key: 'build.date', value: 'today', want: '<time>' },
    { key: 'times', value: 2, want: '2' },
    { key: 'stack_trace', value: 'at x:1', want: '<stacktrace>' },
    { key: 'stacktraces', value: 2, want: '2' },
    { key: 'uuid', value: 'x', want: '<id>' },
    { key: 'uuid.count', value: 2, want: '2' },
    { key: 'http.request_id', value: 'x', want: '<id>' },
    { key: 'request.id', value: 'x', want: '<id>' },
    { key: 'correlation_id', value: 'x', want: '<id>' },
    { key: 'trace.id', value: 'x', want: '<id>' },
    { key: 'span_id', value: 'x', want: '<id>' },
    { key: 'x.aftershock.pause.kind', value: 'gc', want: '"gc"' },
    { key: 'x', value: 'at 2026-11-23T21:06', want: '"at <time>"' },
    { key: 'x', value: 'at 2026-11-23T21:06:51', want: '"at <time>"' },
    { key: 'x', value: 'at 2026-11-23T21:06:51.123Z', want: '"at <time>"' },
    { key: 'x', value: 'at 2026-11-23T21:06+01:30', want: '"at <time>"' },
    { key: 'x', value: 'at 2026-11-23T21:06-0130', want: '"at <time>"' },
    { key: 'x', value: 'id a0b1c2d3e4f5a6b7', want: '"id <id>"' },
    { key: 'x', value: 'id 4bf92f3577b34da6a3ce929d', want: '"id <id>"' },
    { key: 'x', value: 'https://db-7f:80/a', want: '"https://<host>/a"' },
    { key: 'x', value: 'localhost refused', want: '"<host> refused"' },
    { key: 'x', value: 'by 10.0.12.255', want: '"by <host>"' },
    { key: 'x', value: 'by [::1]:80', want: '"by <host>"' },
    { key: 'x', value: '1.2.3.4.5', want: '"1.2.3.4.5"' },
    { key: 'x', value: 'localhost.de', want: '"localhost.de"' },
    { key: 'url.path', value: '/users/42', want: '"/users/42"' },
    { key: 'url.full', value: 'http://10.0.0.1:80/a?b', want: '"http://<host>/a?b"' },
    { key: 'x', value: 'at 2026-11-23T21:06:51.5Z', want: '"at <time>"' },
    { key: 'x', value: '/a/3f0c1d2e-0000-4000-8000-00000000000a', want: '"/a/<id>"' },
    { key: 'x', value: ['4bf92f3577b34da6a3ce929d0e0e4736'], want: '["<id>"]' },
    {
      key: 'x',
      value: 'connect ECONNREFUSED 127.0.0.1:8080',
      want: '"connect ECONNREFUSED <host>"',
    },
    { key: 'x', value: 'a feedbeefdeadface b', want: '"a feedbeefdeadface b"' },
    { key: 'http.response.status_code', value: 200, want: '200' },
  ])('has $key: $value as $want', ({ key, value, want }) => {
    expect(traceSnapshot(one({ [key]: value }))).toBe(
      `unknown_service "a" [internal]\n  ${key}: ${want}`,
    );
  });

  test('keeps what it is told to keep, and leaves out what it is told to leave out', () => {
    const trace = one({ 'server.port': 80, 'aftershock.server.wait_ms': 5, a: 1, b: 2 });
    expect(traceSnapshot(trace)).not.toContain('wait');
    expect(
      traceSnapshot(trace, { keep: ['server.port', 'aftershock.server.wait_ms'], without: ['a'] }),
    ).toBe(
      'unknown_service "a" [internal]\n  aftershock.server.wait_ms: 5\n  b: 2\n  server.port: 80',
    );
  });

  test('shows the tree, faults and what is alike once, and no pause', () => {
    const queue = at('q', 'auth', 20, 21, { name: 'server.queue', service: 'auth' });
    const copies = [1, 2, 3].map((i) => at(`copy${i}`, 'left', 75, 76 + i, { name: 'copy' }));
    const lost = at('lost', 'gone', 0, 1, { status: 'error' });
    expect(traceSnapshot(new Trace([...whole.spans, queue, ...copies, lost]))).toMatchSnapshot();
  });

  test('shows what a span says of itself, and what is wrong with its place', () => {
    const links = [
      { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceState: '', attributes: {} },
    ];
    const event = (name: string, attributes = {}) => ({ name, timeUnixNano: 0n, attributes });
    const spans = [
      {
        ...at('a', 'test', 0, 9),
        status: { code: 'error', message: 'localhost is gone' } as const,
      },
      at('b', 'a', 1, 2, { links, events: [event('retry', { n: 1, port: 80 })] }),
      at('c', 'a', 2, 3, { links, events: [event('retry'), event('pause')] }),
      at('x', 'y', 0, 1),
      at('y', 'x', 0, 1),
    ];
    expect(traceSnapshot(new Trace(spans, { remoteParentId: 'test' }))).toBe(
      [
        'unknown_service "a" [internal] error "<host> is gone"',
        '  unknown_service "b" [internal]',
        '    event "retry"',
        '      n: 1',
        '      port: <port>',
        '    links: 1',
        '  unknown_service "c" [internal]',
        '    event "retry"',
        'unknown_service "x" [internal] in a cycle',
        '  unknown_service "y" [internal]',
      ].join('\n'),
    );
  });

  test('misses no parent of the injected one', () => {
    const spans = [at('test', 'runner', 0, 9), at('x', 'gone', 1, 2)];
    expect(traceSnapshot(new Trace(spans, { remoteParentId: 'test' }))).toBe(
      'unknown_service "test" [internal]\nunknown_service "x" [internal] without its parent',
    );
  });

  test('has branches that differ below one by one, and a queue with spans below it', () => {
    const spans = [
      at('a', '', 0, 9),
      at('b1', 'a', 1, 2, { name: 'b' }),
      at('b2', 'a', 3, 4, { name: 'b' }),
      at('c', 'b1', 1, 2),
      at('d', 'b2', 3, 4),
      at('q', 'a', 5, 6, { name: 'server.queue' }),
      at('e', 'q', 5, 6),
    ];
    const lines = traceSnapshot(new Trace(spans)).split('\n');
    expect(lines.map((line) => line.replace('unknown_service ', '').trim()).toSorted()).toEqual(
      ['a', 'b', 'b', 'c', 'd', 'e', 'server.queue'].map((name) => `"${name}" [internal]`),
    );
  });

  test('is the same whatever the order of spans, their ids and times', () => {
    const shuffled = fc.shuffledSubarray([...whole.spans], { minLength: whole.spans.length });
    fc.assert(
      fc.property(shuffled, fc.nat(), fc.integer({ min: 1, max: 9 }), (mixed, shift, stretch) => {
        const idOf = (id: string) => (id === '' ? '' : `${id}-${shift}`);
        const other = mixed.map((span) => ({
          ...span,
          spanId: idOf(span.spanId),
          parentSpanId: idOf(span.parentSpanId),
          startUnixNano: span.startUnixNano * BigInt(stretch) + BigInt(shift),
          endUnixNano: span.endUnixNano * BigInt(stretch) + BigInt(shift),
        }));
        expect(traceSnapshot(new Trace(other))).toBe(traceSnapshot(whole));
      }),
    );
  });

  test('is short for a deep trace', () => {
    const depth = 10_000;
    const spans = Array.from({ length: depth }, (_, i) =>
      at(`s${i}`, i === 0 ? '' : `s${i - 1}`, i, 2 * depth - i, { name: 'x' }),
    );
    expect(traceSnapshot(new Trace(spans)).length).toBeLessThan(depth * 150);
  });
});

describe('expect(trace).toMatchTraceSnapshot()', () => {
  test('holds a trace to its snapshot', () => {
    const trace = new Trace([at('a', '', 0, 1)]);
    expect(trace).toMatchTraceInlineSnapshot(`"unknown_service "a" [internal]"`);
  });

  test('is refused where it would be written of what must not be, or is not whole', async () => {
    for (const name of ['toMatchTraceSnapshot', 'toMatchTraceInlineSnapshot'] as const) {
      expect(() => expect(whole).not[name]()).toThrow(
        new RegExp(`^${name} cannot be used with \`.not\`: say what must not`),
      );
      expect(() => expect({ whole }).toEqual({ whole: expect[name]() })).toThrow(
        /use expect\(trace\)/,
      );
      const polled = expect.poll(() => whole, { timeout: 20, interval: 5 });
      await expect(polled[name]()).rejects.toThrow(/poll.+await settle/);
      expect(() => expect('x')[name]()).toThrow(TypeError);
    }
  });
});
