import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeResult } from '../../lab/experiment/writeResult.ts';
import { syntheticRun } from './syntheticRun.ts';

const { run } = syntheticRun({ baselineMs: 1000, pausesMs: 1000 });
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aftershock-result-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('writeResult() writes what there is where no span was stored', async () => {
  const said: string[] = [];
  const { result, whole } = await writeResult(run, directory, (line) => said.push(line));
  expect({ whole, said }).toEqual({ whole: true, said: [] });
  const written = JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8'));
  expect(written).toEqual(JSON.parse(JSON.stringify(result)));
  expect(existsSync(join(directory, 'report.html'))).toBe(true);
});

test.skipIf(!existsSync('/dev/full'))(
  'writeResult() gives the result though the disk is full, and names the files',
  async () => {
    symlinkSync('/dev/full', join(directory, 'result.json'));
    symlinkSync('/dev/full', join(directory, 'report.html'));
    const said: string[] = [];
    const { result, whole } = await writeResult(run, directory, (line) => said.push(line));
    expect(result.run).toBe(run);
    expect(whole).toBe(false);
    for (const name of ['result.json', 'report.html']) {
      expect(said).toContainEqual(
        expect.stringMatching(`^${join(directory, name)} could not be written: ENOSPC`),
      );
    }
  },
);
