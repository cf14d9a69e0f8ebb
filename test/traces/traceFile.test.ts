import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { type LineFault, readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { span } from './span.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-'));
afterAll(() => rmSync(folder, { recursive: true }));

function line(...spanIds: string[]): string {
  return JSON.stringify(encodeOtlpJson(spanIds.map((id, i) => span(id, '', i))));
}

async function read(text: string): Promise<{ spanIds: string[][]; faults: LineFault[] }> {
  const path = join(folder, 'traces.ndjson');
  writeFileSync(path, text);
  const faults: LineFault[] = [];
  const batches: Span[][] = [];
  for await (const spans of readTraceFile(path, (fault) => faults.push(fault))) batches.push(spans);
  return { spanIds: batches.map((spans) => spans.map(({ spanId }) => spanId)), faults };
}

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(16)) as [string, string, string];

describe('readTraceFile()', () => {
  test.each([
    ['an empty file', '', []],
    ['a line each', `${line(A, B)}\n${line(C)}\n`, [[A, B], [C]]],
    ['a last line without its end', `${line(A)}\n${line(C)}`, [[A], [C]]],
    ['empty lines and CRLF', `\n${line(A)}\r\n\n${line(C)}\n\n`, [[A], [C]]],
    ['a line of 3 MB', `${line(A)}${' '.repeat(3_000_000)}\n${line(C)}\n`, [[A], [C]]],
    ['a request without spans', `{}\n${line(C)}\n`, [[C]]],
  ])('reads %s', async (_, text, want) => {
    expect(await read(text)).toEqual({ spanIds: want, faults: [] });
  });

  test('reports a torn last line', async () => {
    const { spanIds, faults } = await read(`${line(A)}\n${line(B).slice(0, 50)}`);
    expect(spanIds).toEqual([[A]]);
    expect(faults).toEqual([
      expect.objectContaining({
        line: 2,
        torn: true,
        message: expect.any(String),
      }),
    ]);
  });

  test('reports a bad line in the middle, and spans of bad ids', async () => {
    const { spanIds, faults } = await read(`oops\n${line(A, 'short')}\n`);
    expect(spanIds).toEqual([[A]]);
    expect(faults.map(({ line: number, torn, message }) => [number, torn, message])).toEqual([
      [1, false, expect.stringContaining('oops')],
      [2, false, expect.stringContaining('spanId must be 16 hex digits')],
    ]);
  });

  test('reports a line that is JSON but not OTLP, and fails for a file that is not there', async () => {
    const { faults } = await read('{"resourceSpans":1}\n');
    expect(faults).toEqual([
      expect.objectContaining({ line: 1, torn: false, message: expect.stringContaining('array') }),
    ]);
    const missing = readTraceFile(join(folder, 'missing'), () => undefined);
    await expect(missing.next()).rejects.toThrow(/ENOENT/);
  });
});
