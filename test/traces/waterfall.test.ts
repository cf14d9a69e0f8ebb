import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { textWidth } from '../../traces/textWidth.ts';
import { Trace } from '../../traces/trace.ts';
import { waterfall } from '../../traces/waterfall.ts';
import { msSpan as at } from './span.ts';

const pause = {
  name: 'pause',
  timeUnixNano: 30_000_000n,
  attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.overlap_ms': 40 },
};
const chain = [
  at('root', '', 0, 100, { kind: 'client', service: 'gateway', name: 'GET /users' }),
  at('auth', 'root', 10, 90, { kind: 'server', service: 'auth', events: [pause] }),
  at('fast', 'root', 0, 50, {
    service: 'auth',
    status: 'error',
    attributes: { 'error.type': 'timeout' },
  }),
];

describe('waterfall()', () => {
  test('shows who ran when, the critical path, pauses, errors and notes', () => {
    const trace = new Trace([...chain, at('lost', 'nobody', 20, 30)], {
      link: 'http://127.0.0.1:16686/trace/4bf9',
    });
    const notes = new Map([['auth', ['name: expected "x", is "auth"']]]);
    expect(waterfall(trace, { notes, width: 90 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 4 spans · 3 services · 100 ms · 1 failed · 1 without their parent
      http://127.0.0.1:16686/trace/4bf9
                                 0                        100 ms
      gateway         GET /users ███████████████████████████████ 100 ms
      auth             fast      ░░░░░░░░░░░░░░░░                50.0 ms ✗ timeout
      auth             auth         ██████▒▒▒▒▒▒▒▒▒▒▒▒▒██████    80.0 ms pause gc 40.0 ms
                        ◄ name: expected "x", is "auth"
      unknown_service ? lost           ░░░░                      10.0 ms"
    `);
  });

  test('says that there is nothing', () => {
    expect(waterfall(new Trace([]))).toBe('no spans');
  });

  test.each<{ what: string; spans: Span[] }>([
    {
      what: 'many alike',
      spans: Array.from({ length: 50_000 }, (_, i) => at(`s${i}`, 'root', i, i + 1)),
    },
    {
      what: 'many unlike',
      spans: Array.from({ length: 5_000 }, (_, i) =>
        at(`s${i}`, i < 9 ? 'root' : `s${i % 9}`, i, i + 1, { name: `n${i}`, status: 'error' }),
      ),
    },
    {
      what: 'a deep chain',
      spans: Array.from({ length: 20_000 }, (_, i) =>
        at(`s${i}`, i === 0 ? 'root' : `s${i - 1}`, 0, 1),
      ),
    },
    {
      what: 'many roots',
      spans: Array.from({ length: 5_000 }, (_, i) => at(`s${i}`, `p${i}`, 0, 1)),
    },
  ])('of $what stays short, with every note in it', ({ spans }) => {
    const trace = new Trace([...chain, ...spans]);
    const marked = [spans[7], spans.at(-1)] as Span[];
    const notes = new Map(marked.map(({ spanId }) => [spanId, [`this is ${spanId}`]]));
    const text = waterfall(trace, { notes });
    expect(text.split('\n').length).toBeLessThanOrEqual(40);
    for (const { spanId } of marked) expect(text).toContain(`◄ this is ${spanId}`);
  });

  test('keeps its columns whatever is in a name, and lets nothing out that moves the cursor', () => {
    const names = [
      '日本語',
      '👩‍👩‍👧 family',
      'e\u0301te\u0301',
      '\u001b[31mred\n',
      'x'.repeat(500),
    ];
    const trace = new Trace(
      names.map((name, i) => at(`s${i}`, i === 0 ? '' : 's0', 0, 10, { name, service: name })),
    );
    const lines = waterfall(trace, { width: 100 }).split('\n').slice(2);
    const starts = lines.map((line) => textWidth(line.slice(0, line.search(/[█░]/))));
    expect(new Set(starts).size).toBe(1);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(100);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });
});
