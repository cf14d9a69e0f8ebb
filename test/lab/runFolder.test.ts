import { mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeRunFolder } from '../../lab/experiment/runFolder.ts';

const at = new Date('2024-06-15T08:22:10.999Z');
let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'aftershock-runs-'));
});

afterEach(() => rmSync(parent, { recursive: true }));

test('makeRunFolder() names the folder by its time and points `latest` to it', () => {
  const runs = join(parent, 'deep', 'runs');
  expect(makeRunFolder(runs, at)).toBe(join(runs, '2024-06-15T08-22-10'));
  expect(readlinkSync(join(runs, 'latest'))).toBe('2024-06-15T08-22-10');
});

test('makeRunFolder() never uses a folder twice', () => {
  makeRunFolder(parent, at);
  expect(makeRunFolder(parent, at)).toBe(join(parent, '2024-06-15T08-22-10-2'));
  expect(makeRunFolder(parent, at)).toBe(join(parent, '2024-06-15T08-22-10-3'));
  expect(statSync(join(parent, 'latest')).isDirectory()).toBe(true);
  expect(readlinkSync(join(parent, 'latest'))).toBe('2024-06-15T08-22-10-3');
});

test('makeRunFolder() says what is in the way', () => {
  const file = join(parent, 'runs');
  writeFileSync(file, '');
  expect(() => makeRunFolder(file, at)).toThrow(/runs/);
});

test.skipIf(process.platform !== 'linux')(
  'makeRunFolder() says so where no folder can be made',
  () => {
    expect(() => makeRunFolder('/proc/aftershock/runs', at)).toThrow(/ENOENT.*\/proc\/aftershock'/);
  },
);
