import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { settle } from '../../traces/settle.ts';
import { FileSource } from '../../traces/source/file.ts';
import { InProcessExporter } from '../../traces/source/inProcess.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { TempoSource } from '../../traces/source/tempo.ts';
import type { Span } from '../../traces/span.ts';
import { TraceUnavailableError } from '../../traces/traceIncompleteError.ts';
import { exportedSpan } from './exportedSpan.ts';
import { startFakeJaeger } from './fakeJaeger.ts';
import { startFakeTempo } from './fakeTempo.ts';
import { sourceFaultCases, wholeTrace } from './sourceFaultCases.ts';
import { msSpan } from './span.ts';
import { traceSourceCases } from './traceSourceCases.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (spans: readonly Span[]) => `${JSON.stringify(encodeOtlpJson(spans))}\n`;

traceSourceCases('InProcessExporter', async () => {
  const source = new InProcessExporter();
  return { source, store: async (spans) => source.export(spans.map(exportedSpan), () => {}) };
});

traceSourceCases('FileSource', async () => {
  const path = join(folder, 'traces.ndjson');
  writeFileSync(path, '');
  return {
    source: new FileSource(path),
    store: async (spans) => appendFileSync(path, line(spans)),
  };
});

test('JaegerSource names the page of a trace, or the command where there are no pages', async () => {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  try {
    const source = new JaegerSource(`${collector.queryUrl}/`);
    expect(source.linkTo('4bf9')).toBe(`${collector.queryUrl}/trace/4bf9`);
    expect(await source.getTrace('4bf9')).toBeNull();
    expect(source.linkTo('4bf9')).toBe(
      `npm run aftershock -- trace 4bf9 --source ${collector.queryUrl}`,
    );
  } finally {
    await collector.stop();
  }
});

traceSourceCases('JaegerSource at the embedded collector', async () => {
  const { otlpUrl, queryUrl, stop } = await startCollector({ port: 0, queryPort: 0 });
  return {
    source: new JaegerSource(queryUrl),
    async store(spans) {
      const headers = { 'content-type': 'application/json' };
      const body = line(spans);
      const response = await fetch(`${otlpUrl}/v1/traces`, { method: 'POST', headers, body });
      expect(await response.text()).toBe('{}');
    },
    stop,
  };
});

traceSourceCases('JaegerSource', async () => {
  const { url, add, stop } = await startFakeJaeger({});
  return { source: new JaegerSource(`${url}/`), store: async (spans) => add(spans), stop };
});

traceSourceCases('TempoSource', async () => {
  const { url, add, stop } = await startFakeTempo();
  return { source: new TempoSource(`${url}/`), store: async (spans) => add(spans), stop };
});

traceSourceCases('TempoSource where all answers are JSON', async () => {
  const { url, add, stop } = await startFakeTempo({ alwaysJson: true, says404: true });
  return { source: new TempoSource(url), store: async (spans) => add(spans), stop };
});

sourceFaultCases('JaegerSource at a back end in trouble', async (fault, limits) => {
  const { url, add, stop } = await startFakeJaeger({ fault: () => fault });
  add(wholeTrace);
  return { source: new JaegerSource(url, limits), stop };
});

for (const alwaysJson of [false, true]) {
  const encoding = alwaysJson ? 'JSON' : 'protobuf';
  sourceFaultCases(`TempoSource at a back end in trouble, ${encoding}`, async (fault, limits) => {
    const { url, add, stop } = await startFakeTempo({ alwaysJson, fault: () => fault });
    add(wholeTrace);
    return { source: new TempoSource(url, limits), stop };
  });
}

describe('TempoSource', () => {
  const { traceId } = msSpan('1', '', 0, 1);

  test.each([false, true])('reports a trace that comes in part, JSON: %o', async (alwaysJson) => {
    const partial = 'Trace exceeds maximum size of 9 bytes, a partial trace is returned';
    const { url, add, stop } = await startFakeTempo({ alwaysJson, partial });
    try {
      add(wholeTrace);
      await expect(new TempoSource(url).getTrace(traceId)).rejects.toMatchObject({
        trouble: 'truncated',
        message: `${url} gives only a part of trace ${traceId}: ${partial}; raise its \`max_bytes_per_trace\`, or record fewer spans`,
      });
    } finally {
      await stop();
    }
  });

  test('brings its headers, asks again after a refusal that may pass, and links as it is told', async () => {
    const faults = [{ kind: 'status', status: 503, body: 'starting' } as const];
    const { url, add, requests, stop } = await startFakeTempo({
      fault: () => faults.shift() ?? null,
    });
    try {
      add(wholeTrace);
      const headers = { 'x-scope-orgid': 'team-a' };
      const linkTo = (traceId: string) => `http://grafana/explore/${traceId}`;
      const source = new TempoSource(url, { headers, linkTo });
      expect(await source.getTrace(traceId)).toHaveLength(200);
      expect(requests).toHaveLength(2);
      for (const request of requests) expect(request).toMatchObject(headers);
      expect(source.linkTo?.('1')).toBe('http://grafana/explore/1');
      expect(new TempoSource(url).linkTo).toBeUndefined();
    } finally {
      await stop();
    }
  });
});

describe('FileSource', () => {
  const one = msSpan('a'.repeat(16), '', 0, 1);
  const whole = line([one]);

  test.each([
    { what: 'that is not there', text: null, says: /cannot be read: ENOENT/ },
    { what: 'with a line of garbage', text: `${whole}oops\n`, says: /line 2: Not JSON: .+oops/ },
    { what: 'with a page', text: '<!DOCTYPE html>\n', says: /line 1: Not JSON/ },
    { what: 'with JSON over several lines', text: '{\n  "resourceSpans": []\n}\n', says: /line 1/ },
    { what: 'with a span of no id', text: whole.replace(/a{16}/, 'a'), says: /spanId must be 16/ },
  ])('is unavailable for a file $what', async ({ text, says }) => {
    const path = join(folder, 'faulty.ndjson');
    if (text === null) rmSync(path, { force: true });
    else writeFileSync(path, text);
    const source = new FileSource(path);
    const header = `00-${one.traceId}-00f067aa0ba902b7-01`;
    await expect(source.getTrace(one.traceId)).rejects.toThrow(says);
    const failure = settle(source, header, { timeoutMs: 1 }).catch((error: unknown) => error);
    expect(await failure).toBeInstanceOf(TraceUnavailableError);
  });

  test('is unavailable for a folder', async () => {
    const path = join(folder, 'folder');
    mkdirSync(path, { recursive: true });
    await expect(new FileSource(path).getTrace('1')).rejects.toThrow(/cannot be read: EISDIR/);
  });

  test('waits for the rest of a line that is being written', async () => {
    const path = join(folder, 'torn.ndjson');
    writeFileSync(path, whole.slice(0, 99));
    const source = new FileSource(path);
    expect(await source.getTrace(one.traceId)).toBeNull();
    appendFileSync(path, whole.slice(99));
    expect(await source.getTrace(one.traceId)).toHaveLength(1);
  });
});

test('InProcessExporter forgets its oldest traces first', async () => {
  const source = new InProcessExporter(2);
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));
  for (const traceId of ids) {
    source.export([exportedSpan({ ...msSpan('a'.repeat(16), '', 0, 1), traceId })], () => {});
  }
  const found = await Promise.all(ids.map((traceId) => source.getTrace(traceId)));
  expect(found.map((spans) => spans?.length)).toEqual([undefined, 1, 1]);
});
