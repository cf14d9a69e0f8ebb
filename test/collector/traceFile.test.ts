import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { MIN_STORE_BYTES } from '../../collector/store.ts';
import type { OtlpTraceRequest } from '../../traces/otlp/request.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { attributes, newTraceId, otlpRequest, otlpSpan, post } from './otlp.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftershock-'));
  file = join(folder, 'traces.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(maxBytes = MIN_STORE_BYTES): Promise<Collector> {
  return startCollector({ port: 0, queryPort: 0, file, maxBytes });
}

/** Sends a request of one span that is `padding` bytes large. */
function send(collector: Collector, padding = 0): Promise<Response> {
  const span = otlpSpan({ attributes: attributes({ padding: 'x'.repeat(padding) }) });
  return post(`${collector.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest([span])));
}

function lines(): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

describe('the trace file', () => {
  test('has a line of OTLP JSON for each request, on disk before it is acknowledged', async () => {
    const collector = await start();
    const request = otlpRequest([otlpSpan()]);
    const url = `${collector.otlpUrl}/v1/traces`;
    await post(url, JSON.stringify(request, null, 2).replaceAll('\n', '\r\n'));
    expect(lines().map((line) => JSON.parse(line))).toEqual([request]);
    await post(url, otlpJsonToProtobuf(request).bytes, {
      'content-type': 'application/x-protobuf',
    });
    expect(lines()).toHaveLength(2);
    expect(JSON.parse(lines()[1] as string).resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
      traceId: request.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.traceId,
    });
    await collector.stop();
  });

  test('has no rejected spans, and no lines of requests without spans', async () => {
    const collector = await start();
    const url = `${collector.otlpUrl}/v1/traces`;
    const good = otlpSpan();
    await post(url, JSON.stringify(otlpRequest([otlpSpan({ spanId: 'bad' }), good])));
    await post(url, JSON.stringify(otlpRequest([otlpSpan({ spanId: 'bad' })])));
    await post(url, '{}');
    await collector.stop();
    expect(lines().map((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans)).toEqual([
      [good],
    ]);
  });

  test('is read back at the next start, and appended to', async () => {
    const first = await start();
    await Promise.all(Array.from({ length: 200 }, () => send(first)));
    await first.stop();
    const second = await start();
    expect(second.warnings).toEqual([]);
    expect(second.stats()).toMatchObject({ restored: 200, heldSpans: 200, acceptedByService: {} });
    await send(second);
    await second.stop();
    expect(lines()).toHaveLength(201);
  });

  test('does not mix requests that are read while the lines of others are written', async () => {
    const collector = await start();
    const ids = Array.from({ length: 60 }, () => newTraceId());
    await Promise.all(
      ids.map((traceId, i) => {
        const spans = Array.from({ length: 1 + (i % 7) }, () =>
          otlpSpan({ traceId, name: traceId }),
        );
        return post(`${collector.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest(spans)));
      }),
    );
    for (const [i, traceId] of ids.entries()) {
      const response = await fetch(`${collector.queryUrl}/api/v3/traces/${traceId}`);
      const { result } = (await response.json()) as { result: OtlpTraceRequest };
      const names = (result.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
        (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map(({ name }) => name)),
      );
      expect(names).toEqual(Array.from({ length: 1 + (i % 7) }, () => traceId));
    }
    await collector.stop();
  });

  test('keeps what memory forgets', async () => {
    const collector = await start();
    for (let i = 0; i < 100; i++) await send(collector, 100_000);
    expect(collector.stats().evicted).toBeGreaterThan(0);
    await collector.stop();
    expect(lines()).toHaveLength(100);
  });

  test.each([
    ['in its middle', (text: string) => text.slice(0, -30), 1, 1],
    ['before its line end', (text: string) => text.slice(0, -1), 2, 0],
    ['in its first bytes', (text: string) => `${text}{`, 2, 1],
  ])('whose last line is torn %s is mended at the next start', async (_, tear, restored, torn) => {
    const first = await start();
    await send(first);
    await send(first);
    await first.stop();
    writeFileSync(file, tear(readFileSync(file, 'utf8')));
    const second = await start();
    expect(second.stats().restored).toBe(restored);
    expect(second.warnings).toEqual(
      Array.from({ length: torn }, () => expect.stringMatching(/traces\.ndjson:\d+: .* torn/)),
    );
    await send(second);
    await second.stop();
    expect(lines().map((line) => JSON.parse(line))).toHaveLength(restored + 1);
  });

  test('with a bad line in it is read all the same, and the line reported and left', async () => {
    writeFileSync(
      file,
      `${JSON.stringify(otlpRequest([otlpSpan()]))}\nnot json\n{"resourceSpans":7}\n`,
    );
    const collector = await start();
    expect(collector.stats().restored).toBe(1);
    expect(collector.warnings).toEqual([
      expect.stringContaining(`${file}:2: `),
      expect.stringContaining(`${file}:3: `),
    ]);
    await send(collector);
    await collector.stop();
    expect(lines()).toHaveLength(4);
  });

  test('that cannot be opened is an error at the start', async () => {
    file = join(folder, 'missing', 'traces.ndjson');
    await expect(start()).rejects.toThrow(/ENOENT.*missing/);
  });
});

/** A file system of `size` bytes at `folder`; false where this user may not mount one. */
function mountTmpfs(path: string, size: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

describe('on a full disk', () => {
  test('requests get 503 with Retry-After and leave no trace, until there is room again', async (context) => {
    const mounted = mountTmpfs(folder, 1_000_000);
    if (!mounted) context.skip('mounting a tmpfs is not permitted here');
    try {
      const ballast = join(folder, 'ballast');
      writeFileSync(ballast, Buffer.alloc(600_000));
      const collector = await start();
      const answers = await Promise.all(Array.from({ length: 30 }, () => send(collector, 20_000)));
      const stored = answers.filter(({ status }) => status === 200).length;
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
      for (const answer of answers.filter(({ status }) => status === 503)) {
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(await answer.json()).toMatchObject({ message: expect.stringContaining('ENOSPC') });
      }
      while ((await send(collector, 20_000)).status === 200);
      const acknowledged = collector.stats().heldSpans;
      expect(acknowledged).toBeGreaterThanOrEqual(stored);
      // What is on disk is what was acknowledged, to the byte.
      expect(lines()).toHaveLength(acknowledged);
      expect(statSync(file).size).toBe(Buffer.byteLength(`${lines().join('\n')}\n`));

      unlinkSync(ballast);
      expect((await send(collector, 20_000)).status).toBe(200);
      expect(lines().map((line) => JSON.parse(line))).toHaveLength(acknowledged + 1);
      await collector.stop();
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
