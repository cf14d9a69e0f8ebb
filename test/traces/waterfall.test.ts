import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { textWidth } from '../../traces/textWidth.ts';
import { Trace } from '../../traces/trace.ts';
import { msText, waterfall } from '../../traces/waterfall.ts';
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

  test('paints bars by what they are, what failed, and what is said besides', () => {
    const paint = (part: string, text: string) => `<${part}:${text.trim()}>`;
    expect(waterfall(new Trace(chain), { width: 60, paint })).toMatchInlineSnapshot(`
      "<head:trace 4bf92f3577b34da6a3ce929d0e0e4736 · 3 spans · 2 services · 100 ms · 1 failed>
      <note:0     100 ms>
      gateway GET /users <path:████████████> 100 ms
      auth     fast      <bar:░░░░░░>       <failed:50.0 ms ✗ timeout>
      auth     auth       <path:██><pause:▒▒▒▒▒▒><path:██>  80.0 ms pause gc 40.0 ms"
    `);
  });

  test('has siblings that are alike in one line, from four on, but for those with a note', () => {
    const alike = (name: string, lengths: readonly number[]) =>
      lengths.map((length, i) =>
        at(`${name}${i}`, 'root', 90 - 20 * i, 90 - 20 * i + length, { name }),
      );
    const spans = [
      at('root', '', 0, 100),
      ...alike('four', [1, 5, 9, 3]),
      ...alike('three', [1, 2, 3]),
    ];
    expect(waterfall(new Trace(spans))).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 8 spans · 1 service · 100 ms
                               0                                              100 ms
      unknown_service root     █████████████████████████████████████████████████████ 100 ms
      unknown_service  4× four                           ██████                      9.0 ms
      unknown_service  three                             ░░░                         3.0 ms
      unknown_service  three                                        ░░               2.0 ms
      unknown_service  three                                                  ░░     1.0 ms"
    `);
    const notes = new Map([['four0', ['look']]]);
    expect(waterfall(new Trace(spans), { notes })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 8 spans · 1 service · 100 ms
                               0                                              100 ms
      unknown_service root     █████████████████████████████████████████████████████ 100 ms
      unknown_service  3× four                           ██████                      9.0 ms
      unknown_service  three                             ░░░                         3.0 ms
      unknown_service  three                                        ░░               2.0 ms
      unknown_service  four                                                   ██     1.0 ms
                        ◄ look
      unknown_service  three                                                  ░░     1.0 ms"
    `);
  });

  test('leaves out the lines that tell least, and counts them', () => {
    const event = (startMs: number) => ({ ...pause, timeUnixNano: BigInt(startMs) * 1_000_000n });
    const spans = [
      at('root', '', 1000, 3500, { events: [event(1200), event(1220), event(1400)] }),
      ...Array.from({ length: 9 }, (_, i) =>
        at(`s${i}`, i === 8 ? 's2' : 'root', 1000 + 100 * i, 1020 + 100 * i, {
          status: i === 4 ? 'error' : 'unset',
        }),
      ),
      at('s7', 'root', 1700, 1720),
    ];
    const notes = new Map([
      ['s8', ['x'.repeat(401)]],
      ['root', ['y'.repeat(400)]],
    ]);
    expect(waterfall(new Trace(spans), { maxLines: 12, notes })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 10 spans · 1 service · 2.50 s · 1 failed · 1 twice
                           0                                                  2.50 s
      unknown_service root ████▒▒███▒▒██████████████████████████████████████████████ 2.50 s 3 pauses 100 ms
                        ◄ yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
      unknown_service  s0  █                                                         20.0 ms
      unknown_service  s1    █                                                       20.0 ms
      unknown_service  s2      ██                                                    20.0 ms
      unknown_service   s8                   ░                                       20.0 ms
                        ◄ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      unknown_service  s3        ██                                                  20.0 ms
      unknown_service  s4           █                                                20.0 ms ✗
                      ⋮ 3 more lines"
    `);
    expect(waterfall(new Trace(spans), { maxLines: 8 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 10 spans · 1 service · 2.50 s · 1 failed · 1 twice
                           0                                                  2.50 s
      unknown_service root ████▒▒███▒▒██████████████████████████████████████████████ 2.50 s 3 pauses 100 ms
      unknown_service  s0  █                                                         20.0 ms
      unknown_service  s1    █                                                       20.0 ms
                      ⋮ 3 more lines
      unknown_service  s4           █                                                20.0 ms ✗
                      ⋮ 3 more lines"
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

test.each<{ nano: bigint; want: string }>([
  { nano: 40_000n, want: '0.04 ms' },
  { nano: 1_000_000n, want: '1.0 ms' },
  { nano: 99_940_000n, want: '99.9 ms' },
  { nano: 100_000_000n, want: '100 ms' },
  { nano: 1_000_000_000n, want: '1.00 s' },
  { nano: -2_500_000_000n, want: '-2.50 s' },
])('msText() of $nano is $want', ({ nano, want }) => {
  expect(msText(nano)).toBe(want);
});
