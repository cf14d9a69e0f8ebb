import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { commandLine } from '../../lab/commandLine.ts';
import { screenOf } from '../../lab/trace/paint.ts';
import { showTrace } from '../../lab/trace/showTrace.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import type { Span } from '../../traces/span.ts';
import { textWidth } from '../../traces/textWidth.ts';
import { Trace } from '../../traces/trace.ts';
import { type FakeTempo, startFakeTempo } from '../traces/fakeTempo.ts';
import {
  chain,
  failing,
  fanOut,
  hex,
  hostile,
  odd,
  pauseSpan,
  recorded,
  retried,
} from '../traces/seenTraces.ts';
import { msSpan } from '../traces/span.ts';

const plain = recorded('plain', chain());
const paused = recorded('paused', chain({ pauseMs: 120 }));
const retries = recorded('retries', retried(3));
const failed = recorded('failed', failing());
const everything = [
  ...plain,
  ...paused,
  ...retries,
  ...failed,
  ...recorded('fan-out', fanOut(5)),
  ...recorded('odd', odd()),
  pauseSpan(120),
];
const [plainId, pausedId, retriesId, failedId] = ['plain', 'paused', 'retries', 'failed'].map(
  (name) => hex(name, 32),
) as [string, string, string, string];

let folder: string;
let file: string;
let collector: Collector;
let tempo: FakeTempo;
let out = '';
let errors = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aftershock-trace-'));
  file = await write('spans.ndjson', everything);
  collector = await startCollector({ port: 0, queryPort: 0 });
  await fetch(`${collector.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(encodeOtlpJson(everything)),
  });
  tempo = await startFakeTempo();
  tempo.add(everything);
});

afterAll(async () => {
  await collector.stop();
  await tempo.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  [out, errors] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += text;
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((text: string) => {
    errors += `${text}\n`;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function write(name: string, ...requests: readonly (readonly Span[])[]): Promise<string> {
  const path = join(folder, name);
  const lines = requests.map((spans) => `${JSON.stringify(encodeOtlpJson(spans))}\n`);
  await writeFile(path, lines.join(''));
  return path;
}

/** With names that are the same each time. */
async function shown(...args: string[]): Promise<string> {
  expect(await commandLine(['trace', ...args])).toBe(0);
  expect(Math.max(...out.split('\n').slice(1).map(textWidth))).toBeLessThanOrEqual(80);
  return out.replaceAll(folder, 'FOLDER');
}

describe('trace', () => {
  test('lists the slowest, and says which a pause hit', async () => {
    expect(await shown('--source', file)).toMatchSnapshot();
  });

  test.each([
    { only: 'paused', ids: [pausedId, retriesId, failedId, plainId] },
    { only: 'failed', ids: [retriesId, failedId] },
  ])('--only $only lists those', async ({ only, ids }) => {
    const text = await shown('--source', file, '--only', only);
    expect(text.match(/\b[0-9a-f]{32}\b(?= {2,}\d)/g)).toEqual(ids);
  });

  test.each([
    { what: 'a pause', id: pausedId },
    { what: 'retries', id: retriesId },
    { what: 'an error', id: failedId },
    { what: 'whatever can be odd', id: hex('odd', 32) },
  ])('shows a trace with $what', async ({ id }) => {
    expect(await shown(id, '--source', file)).toMatchSnapshot();
  });

  test('takes the beginning of an id, from a file', async () => {
    expect(await shown(pausedId.slice(0, 8), '--source', file)).toContain(`trace ${pausedId}`);
  });

  test.each(['embedded collector', 'Tempo'])('reads from a URL: %s', async (which) => {
    const url = which === 'Tempo' ? tempo.url : collector.queryUrl;
    const text = await shown(pausedId, '--source', `${url}/`);
    expect(text).toContain('user      pause');
    out = '';
    const sinceEver = ['--since', '10000000m'];
    expect(await shown('--source', url, ...sinceEver)).toMatch(
      /6 traces, 1 hit by a pause, 3 more during one/,
    );
  });

  test('--json gives the same as data', async () => {
    await commandLine(['trace', pausedId, '--source', file, '--json']);
    const { blame, durationMs, spans } = JSON.parse(out);
    expect(blame[0]).toEqual({ service: 'user', cause: 'pause', durationMs: 120 });
    expect([durationMs, spans.length]).toEqual([140, 8]);
    out = '';
    await commandLine(['trace', '--source', file, '--only', 'failed', '--limit', '1', '--json']);
    const during = { service: 'user', ms: 120, seen: 'during' };
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ traceId: retriesId, durationMs: 110, failed: 2, pause: during }),
    ]);
  });

  test.each(['file', 'collector', 'tempo'])('--as test writes one for a %s', async (kind) => {
    const urls = { collector: collector.queryUrl, tempo: tempo.url };
    const source = kind === 'file' ? file : urls[kind as keyof typeof urls];
    expect(await commandLine(['trace', pausedId, '--as', 'test', '--source', source])).toBe(0);
    const className = { file: 'FileSource', collector: 'JaegerSource', tempo: 'TempoSource' }[kind];
    expect(out).toContain(`import { ${className}, Trace } from 'aftershock/traces';`);
    expect(out).toContain(`const source = new ${className}('${source}');`);
    expect(out).toContain("toAttributePause({ service: 'user', kind: 'gc', minMs: 60 })");
  });
});

describe('trace diff', () => {
  test('says which hop is slower, and why', async () => {
    expect(await shown('diff', plainId, pausedId, '--source', file)).toMatchSnapshot();
  });

  test('tells tries and statuses', async () => {
    const other = await write('other.ndjson', recorded('once', retried(1)));
    expect(await shown('diff', other, `${file}#${retriesId}`)).toMatchSnapshot();
  });

  test('compares sets, of two files or of one', async () => {
    const set = (name: string, pauseMs: number) =>
      Array.from({ length: 30 }, (_, i) =>
        recorded(`${name} ${i}`, chain({ workMs: 5 + (i % 9), pauseMs })),
      );
    const [a, b] = [set('a', 0), set('b', 80)];
    const both = await write('both.ndjson', ...a, ...b);
    const [fileA, fileB] = [await write('a.ndjson', ...a), await write('b.ndjson', ...b)];
    const text = await shown('diff', fileA, fileB);
    expect(text).toMatchSnapshot();
    out = '';
    const figures = (of: string) => of.split('\n').slice(2).join('\n');
    expect(figures(await shown('diff', '#unpaused', '#paused', '--source', both))).toBe(
      figures(text),
    );
  });

  test('takes of a set the usual trace, to compare with one', async () => {
    expect(await shown('diff', `${file}#service=load`, pausedId, '--source', file)).toContain(
      'B took',
    );
    expect(errors).toMatch(/#service=load, 2 traces, the one of median duration is taken/);
  });

  test('--json gives the same as data', async () => {
    await commandLine(['trace', 'diff', plainId, pausedId, '--source', file, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      deltaMs: 120,
      hops: [{ a: null, b: { service: 'user', name: 'server.queue' }, deltaMs: 120 }],
    });
  });
});

test.each([
  {
    args: () => [hex('none', 32), '--source', file],
    code: 1,
    says: /has no trace [0-9a-f]{32}; `trace` without an id/,
  },
  {
    args: () => [hex('none', 32), '--source', collector.queryUrl],
    code: 1,
    says: /has no trace .*, or not yet;/,
  },
  {
    args: () => [hex('none', 32), '--source', tempo.url],
    code: 1,
    says: /has no trace .*, or not yet;/,
  },
  { args: () => ['4bf9', '--source', collector.queryUrl], code: 2, says: /all 32 digits .* has 4/ },
  {
    args: () => ['--source', join(folder, 'empty')],
    code: 2,
    says: /there is no such file; give a URL/,
  },
  { args: () => ['--source', folder], code: 2, says: /a folder without traces\.ndjson/ },
  {
    args: () => ['diff', '#nothing', '#paused', '--source', file],
    code: 2,
    says: /#nothing names no traces; .*paused, unpaused/,
  },
  {
    args: () => ['diff', '#peer.service=nobody', '#paused', '--source', file],
    code: 1,
    says: /no trace that is peer\.service=nobody/,
  },
])('trace says what is wrong and what to do: $says', async ({ args, code, says }) => {
  expect(await commandLine(['trace', ...args()])).toBe(code);
  expect(errors).toMatch(says);
  expect(out).toBe('');
});

test('trace tells a source that cannot be read from a trace that is not there', async () => {
  const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await commandLine(['trace', plainId, '--source', url])).toBe(1);
  expect(errors).toMatch(/is not of a Jaeger query API/);
  server.close();
  await once(server, 'close');
  errors = '';
  expect(await commandLine(['trace', plainId, '--source', url])).toBe(1);
  expect(errors).toMatch(/cannot be reached .*ECONNREFUSED.*is it running/);
});

test('trace leaves lines out that are no spans, and says so; none at all is an error', async () => {
  const torn = join(folder, 'torn.ndjson');
  await writeFile(torn, `${JSON.stringify(encodeOtlpJson(plain))}\nnonsense\n{"resourceSp`);
  await shown(plainId, '--source', torn);
  expect(errors).toMatch(/left out: line 2: .*; line 3: /);
  const none = join(folder, 'none.ndjson');
  await writeFile(none, '# a page\n');
  expect(await commandLine(['trace', '--source', none])).toBe(1);
  expect(errors).toMatch(/is not a file of OTLP JSON lines/);
});

describe('screenOf()', () => {
  const terminal = { isTTY: true, columns: 120 };

  test.each([
    { stream: terminal, env: {}, width: 120, isColoured: true },
    { stream: terminal, env: { NO_COLOR: '1' }, width: 120, isColoured: false },
    { stream: terminal, env: { NO_COLOR: '' }, width: 120, isColoured: true },
    { stream: terminal, env: { TERM: 'dumb' }, width: 120, isColoured: false },
    { stream: { columns: 120 }, env: {}, width: 80, isColoured: false },
    { stream: { isTTY: true, columns: 20 }, env: {}, width: 60, isColoured: true },
    { stream: { isTTY: true, columns: 900 }, env: {}, width: 160, isColoured: true },
  ])('$stream with $env', ({ stream, env, width, isColoured }) => {
    const screen = screenOf(stream, env);
    expect(screen.width).toBe(width);
    expect(screen.paint('red', 'x') !== 'x').toBe(isColoured);
  });

  test('colours change nothing but colours', () => {
    const trace = new Trace(paused);
    const [coloured, bare] = [{}, { NO_COLOR: '1' }].map((env) =>
      showTrace(trace, [pauseSpan(120)], screenOf({ isTTY: true, columns: 80 }, env)),
    );
    expect(coloured).not.toBe(bare);
    expect(stripVTControlCharacters(coloured ?? '')).toBe(bare);
  });
});

test('a large trace stays short, and what is in it cannot move the cursor', () => {
  const spans = Array.from({ length: 20_000 }, (_, i) =>
    msSpan(
      `s${i}`,
      i === 0 ? '' : `s${i % 90 === 0 ? i - 1 : Math.floor(i / 9)}`,
      Math.floor(i / 50),
      500,
      {
        name: hostile[i % hostile.length] ?? '',
        service: `${hostile[(i + 3) % hostile.length]}${i % 40}`,
        status: i % 11 === 0 ? 'error' : 'unset',
        events: [{ name: hostile[i % 7] ?? '', timeUnixNano: BigInt(i), attributes: {} }],
        links: [{ traceId: 'other', spanId: 'other', traceState: '', attributes: {} }],
      },
    ),
  );
  const text = showTrace(new Trace(recorded('large', spans)), [], screenOf({}, {}));
  expect(text.split('\n').length).toBeLessThan(110);
  // But for the heading, which the terminal wraps.
  expect(Math.max(...text.split('\n').slice(1).map(textWidth))).toBeLessThanOrEqual(80);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});
