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

  test('keeps what is noted, then the way to it, roots, failures, the critical path, what is long', () => {
    const many = (name: string, parent: string) =>
      Array.from({ length: 3 }, (_, i) => at(`${name}${i}`, parent, 10 + i, 11 + i));
    const trace = new Trace([
      at('root', '', 0, 1000),
      ...many('few', 'root'),
      at('long', 'root', 100, 900),
      at('most', 'root', 20, 990),
      at('last', 'root', 990, 1000),
      at('unended', 'root', 30, -1e9, { status: 'error' }),
      ...many('other', 'root'),
      at('way', 'few1', 11, 12),
      ...many('more', 'few1'),
      at('noted', 'way', 11, 12),
      at('late', '', 1100, 1101),
    ]);
    const notes = new Map([['noted', ['look']]]);
    const rowsIn = (maxLines: number) =>
      waterfall(trace, { width: 60, maxLines, notes })
        .split('\n')
        .slice(2)
        .map((line) => line.slice(16, 24).trimEnd());
    expect(rowsIn(8)).toMatchInlineSnapshot(`
      [
        "root",
        "⋮ 5 more",
        "  way",
        "   noted",
        "  ◄ look",
        "⋮ 9 more",
      ]
    `);
    expect(rowsIn(12)).toMatchInlineSnapshot(`
      [
        "root",
        "⋮ 2 more",
        " few1",
        "⋮ 2 more",
        "  way",
        "   noted",
        "  ◄ look",
        "⋮ 7 more",
        " last",
        "late",
      ]
    `);
    expect(rowsIn(16)).toMatchInlineSnapshot(`
      [
        "root",
        " few0",
        " other0",
        " few1",
        "⋮ 2 more",
        "  way",
        "   noted",
        "  ◄ look",
        "⋮ 4 more",
        " most",
        " unended",
        " long",
        " last",
        "late",
      ]
    `);
    expect(rowsIn(20)).toMatchInlineSnapshot(`
      [
        "root",
        " few0",
        " other0",
        " few1",
        "  more0",
        "  more1",
        "  way",
        "   noted",
        "  ◄ look",
        "  more2",
        " other1",
        " few2",
        " other2",
        " most",
        " unended",
        " long",
        " last",
        "late",
      ]
    `);
  });

  test('prefers the critical path to what is longer, and that to what is shorter', () => {
    const short = [50, 60, 950, 960].map((startMs) =>
      at(`s${startMs}`, 'root', startMs, startMs + 1, { name: `short at ${startMs}` }),
    );
    const spans = [
      at('root', '', 0, 1000),
      at('most', 'root', 0, 999),
      at('long', 'root', 100, 900),
      at('last', 'root', 999, 1000),
    ];
    const trace = new Trace([...spans, ...short], { link: 'http://127.0.0.1/4bf9' });
    expect(waterfall(trace, { width: 60, maxLines: 9 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 8 spans · 1 service · 1.00 s
      http://127.0.0.1/4bf9
                            0     1.00 s
      unknown_service root  ░░░░░░░░░░░░ 1.00 s
      unknown_service  most ████████████ 999 ms
                      ⋮ 2 more lines
      unknown_service  long  ░░░░░░░░░░  800 ms
                      ⋮ 2 more lines
      unknown_service  last            █ 1.0 ms"
    `);
    const fewer = waterfall(trace, { width: 60, maxLines: 8 });
    expect(fewer).toContain('last');
    expect(fewer).not.toContain('long');
  });

  test('shows all that fits, and no line more', () => {
    const trace = new Trace([
      at('root', '', 0, 100),
      ...Array.from({ length: 9 }, (_, i) => at(`s${i}`, 'root', 10 * i, 10 * i + 1)),
    ]);
    const paint = (part: string, text: string) => (part === 'note' ? `<${text.trim()}>` : text);
    const linesOf = (maxLines: number) => waterfall(trace, { maxLines, paint }).split('\n');
    expect(linesOf(12)).toHaveLength(12);
    expect(linesOf(12).join('')).not.toContain('⋮');
    expect(linesOf(11)).toHaveLength(11);
    expect(linesOf(11).at(-1)).toBe('<⋮ 2 more lines>');
  });

  test('stands for alike spans by the first of those that matter most, failures apart', () => {
    const failing = { 'http.response.status_code': 500 };
    const alike = Array.from({ length: 9 }, (_, i) =>
      at(`s${i}`, 'root', i, i + 1, { name: 'get', attributes: i > 4 ? failing : {} }),
    );
    const spans = [at('root', '', 0, 100), at('busy', 'root', 0, 100), ...alike];
    expect(waterfall(new Trace(spans), { width: 60 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 11 spans · 1 service · 100 ms · 4 failed
                              0     100 ms
      unknown_service root    ░░░░░░░░░░░░ 100 ms
      unknown_service  busy   ████████████ 100 ms
      unknown_service  5× get ░            1.0 ms
      unknown_service  4× get ░            1.0 ms ✗"
    `);
    const notes = new Map(alike.slice(0, 5).map(({ spanId }) => [spanId, [spanId]]));
    expect(waterfall(new Trace(spans), { width: 60, notes })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 11 spans · 1 service · 100 ms · 4 failed
                              0     100 ms
      unknown_service root    ░░░░░░░░░░░░ 100 ms
      unknown_service  busy   ████████████ 100 ms
      unknown_service  get    ░            1.0 ms
                        ◄ s0
      unknown_service  get    ░            1.0 ms
                        ◄ s1
      unknown_service  get    ░            1.0 ms
                        ◄ s2
      unknown_service  get    ░            1.0 ms
                        ◄ s3
      unknown_service  get    ░            1.0 ms
                        ◄ s4
      unknown_service  4× get ░            1.0 ms ✗"
    `);
  });

  test('takes the way to what is noted out of what is alike', () => {
    const calls = Array.from({ length: 5 }, (_, i) =>
      at(`s${i}`, 'root', i, i + 1, { name: 'get' }),
    );
    const trace = new Trace([at('root', '', 0, 9), ...calls, at('inner', 's3', 3, 4)]);
    const notes = new Map([['inner', ['look']]]);
    expect(waterfall(trace, { width: 60, notes })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 7 spans · 1 service · 9.0 ms
                              0     9.0 ms
      unknown_service root    ████████████ 9.0 ms
      unknown_service  4× get ██           1.0 ms
      unknown_service  get        ░░       1.0 ms
      unknown_service   inner     ██       1.0 ms
                        ◄ look"
    `);
  });

  test('has as many notes as are read, as much of each, and what they are not of as without them', () => {
    const spans = [
      at('root', '', 0, 9),
      at('first', 'root', 0, 1),
      at('second', 'root', 1, 2),
      at('third', 'root', 2, 3),
      at('bad', 'root', 4, 5, { status: 'error' }),
    ];
    const told = (first: number) => {
      const notes = new Map([
        ['first', Array.from({ length: first }, (_, i) => `note ${i}`)],
        ['second', ['one more']],
      ]);
      return waterfall(new Trace(spans), { maxLines: 20, notes });
    };
    expect(told(15).match(/◄ .+/g)).toEqual(Array.from({ length: 14 }, (_, i) => `◄ note ${i}`));
    expect(told(15)).toBe(told(14));
    expect(told(14).match(/root|first|second|third|bad|⋮.+/g)).toEqual([
      ...['root', 'first', '⋮ 2 more lines', 'bad'],
    ]);
    const long = new Map([['root', [`${'x'.repeat(399)}🙂`]]]);
    expect(waterfall(new Trace(spans), { notes: long })).toMatch(/x�…$/m);
  });

  test('leaves room for bars and times beside long names', () => {
    const attributes = { 'error.type': 'timeout' };
    const [service, name] = ['s'.repeat(20), 'n'.repeat(40)];
    const trace = new Trace([
      at('root', '', 0, 100, { service, name, attributes }),
      at('b', 'root', 20, 30, { service: 'b' }),
    ]);
    const remarksOf = ({ spanId }: Span) => [`this\nis ${spanId}`, 'r'.repeat(40)];
    expect(waterfall(trace, { width: 60, remarksOf })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 2 spans · 2 services · 100 ms · 1 failed
                                       0     100 ms
      sssssssssssssss… nnnnnnnnnnnnnn… ████████████ 100 ms ✗ time…
      b                 b                ██         10.0 ms this·…"
    `);
    expect(waterfall(trace, { remarksOf })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 2 spans · 2 services · 100 ms · 1 failed
                                                            0                 100 ms
      sssssssssssssss… nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn… ████████████████████████ 100 ms ✗ timeout this·is root …
      b                 b                                       ████                 10.0 ms this·is b rrrrrrrrrrrr…"
    `);
  });

  test('indents no deeper than there is room', () => {
    const chain = Array.from({ length: 15 }, (_, i) =>
      at(`s${i}`, i === 0 ? '' : `s${i - 1}`, 0, 15 - i),
    );
    const lines = waterfall(new Trace(chain)).split('\n');
    expect(lines.slice(-4).map((line) => line.search(/s\d/))).toEqual([27, 28, 28, 28]);
  });

  test('draws pauses on their span, and what has no length as one cell', () => {
    const paused = (startMs: number, ms: number) => ({
      ...pause,
      timeUnixNano: BigInt(startMs) * 1_000_000n,
      attributes: { ...pause.attributes, 'aftershock.pause.overlap_ms': ms },
    });
    const trace = new Trace([
      at('root', '', 100, 200, { events: [paused(150, 0)] }),
      at('early', 'root', 110, 190, { events: [paused(50, 70)] }),
      at('late', 'root', 120, 180, { events: [paused(170, 100)] }),
      at('moment', 'root', 200, 200),
      at('reversed', 'root', 150, 140),
    ]);
    expect(waterfall(trace, { width: 60 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 5 spans · 1 service · 100 ms
                                0     100 ms
      unknown_service root      ████████████ 100 ms pause gc 0.00…
      unknown_service  early     ▒▒████████  80.0 ms pause gc 70.…
      unknown_service  late       ░░░░░░▒▒   60.0 ms pause gc 100…
      unknown_service  reversed       ░      -10.0 ms
      unknown_service  moment              ░ 0.00 ms"
    `);
    expect(waterfall(new Trace([at('moment', '', 5, 5)]), { width: 60 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 1 span · 1 service · 0.00 ms
                             0    0.00 ms
      unknown_service moment ░            0.00 ms"
    `);
    expect(waterfall(new Trace([at('reversed', '', 5, 4)]), { width: 60 })).toMatchInlineSnapshot(`
      "trace 4bf92f3577b34da6a3ce929d0e0e4736 · 1 span · 1 service · 0.00 ms
                               0    0.00 ms
      unknown_service reversed ░            -1.0 ms"
    `);
  });

  test('misses no parent of spans at the injected one, and none of that itself', () => {
    const spans = [at('test', 'runner', 0, 9), at('a', 'test', 1, 2), at('x', 'gone', 1, 2)];
    const below = new Trace(spans.slice(1), { remoteParentId: 'test' });
    expect(waterfall(below).match(/\? \w+/g)).toEqual(['? x']);
    const beside = new Trace(spans, { remoteParentId: 'test' });
    expect(waterfall(beside).match(/\? \w+/g)).toEqual(['? x']);
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
