import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { commandLine } from '../../lab/commandLine.ts';

let stdout: MockInstance<typeof process.stdout.write>;
let stderr: MockInstance<typeof process.stderr.write>;

beforeEach(() => {
  stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(console, 'error').mockImplementation((text: string) => stderr.mock.calls.push([text]));
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

function written(stream: MockInstance): string {
  return stream.mock.calls.map(([text]) => text).join('');
}

// Each of these is refused before anything starts.
test.each([
  { args: [], says: /Commands:\n {2}run/ },
  {
    args: ['frob'],
    says: /unknown command 'frob'\nvalid: run, up, load, mesh, collect, doctor, trace;/,
  },
  { args: ['run', '--frob'], says: /unknown option '--frob'\nvalid: .*--mesh, .*--rate/ },
  { args: ['run', 'extra'], says: /too many arguments/ },
  { args: ['run', '--rate'], says: /'--rate <number>' argument missing/ },
  { args: ['run', '--rate', '0'], says: /'--rate <number>' .*must be a number above 0/ },
  { args: ['run', '--rate', 'fast'], says: /must be a number above 0/ },
  { args: ['run', '--rate', '1e9'], says: /load\.rate: must be a number from/ },
  { args: ['run', '--duration', '30'], says: /such as 500ms, 30s or 2m/ },
  { args: ['run', '--duration', '0s'], says: /must be above 0/ },
  { args: ['run', '--seed', '-1'], says: /whole number from 0 to 4294967295/ },
  { args: ['run', '--seed', '4294967296'], says: /whole number from 0 to 4294967295/ },
  { args: ['run', '--pause', 'user=gc'], says: /"user=gc": it is not of that form/ },
  { args: ['run', '--pause', 'usr=gc:1ms/3s'], says: /no service "usr".*did you mean "user"/ },
  { args: ['run', '--pause', 'user=cg:1ms/3s'], says: /"cg".*did you mean "gc"/ },
  {
    args: ['run', '--pause', 'user=./own.ts:1ms/3s'],
    says: `pauses[0].kind: there is no file ${resolve('own.ts')}; it must be gc, block, freeze`,
  },
  {
    args: ['run', '--out', 'README.md'],
    says: /--out README\.md: no folder can be made there: ENOTDIR: not a directory.*name a directory/,
  },
  { args: ['up', '--out', 'README.md'], says: /--out README\.md: no folder can be made there/ },
  { args: ['run', '--mesh', 'nowhere.yaml'], says: /nowhere\.yaml: cannot be read/ },
  { args: ['run', '--port', 'gateway'], says: /must be NAME=PORT/ },
  { args: ['run', '--port', 'gateway=70000'], says: /must be NAME=PORT/ },
  { args: ['run', '--port', 'db=1'], says: /no "db"; valid: gateway, auth, user, otlp, query/ },
  { args: ['up', '--rate', '5'], says: /unknown option '--rate'\nvalid: / },
  { args: ['up', '--port', 'otlp=x'], says: /must be NAME=PORT/ },
  { args: ['collect', '--port', '70000'], says: /'--port <number>' argument '70000' is invalid/ },
  {
    args: ['collect', '--port', '0', '--query-port', '0', '--file', 'nowhere/t.ndjson'],
    says: /--file nowhere\/t\.ndjson: ENOENT/,
  },
  { args: ['doctor', '--gateway', 'localhost:8080'], says: /must be an http or https URL/ },
  { args: ['doctor', '--admin', 'user'], says: /must be NAME=URL/ },
  { args: ['trace', '--as', 'go'], says: /Allowed choices are text, test/ },
  { args: ['trace', '--limit', '0'], says: /whole number from 1 to 999999/ },
  { args: ['trace', '--source', 'nowhere'], says: /--source nowhere: there is no such file/ },
  { args: ['trace', 'diff', 'A', '--source', 'README.md'], says: /diff compares two/ },
  { args: ['trace', 'GET', '--source', 'README.md'], says: /"GET" is no trace id/ },
  { args: ['trace', '4b', '4c', '--source', 'README.md'], says: /one id, or `diff A B`/ },
])('aftershock $args: exit code 2, and what would be valid', async ({ args, says }) => {
  expect(await commandLine(args)).toBe(2);
  expect(written(stderr)).toMatch(says);
  expect(written(stdout)).toBe('');
});

test.each(['doctor', 'trace'])(
  'aftershock %s --help gives lengths of time as one writes them',
  async (name) => {
    expect(await commandLine([name, '--help'])).toBe(0);
    expect(written(stdout)).toMatch(/--since <duration> [^-]*\(default:\s+60m\)/);
  },
);

test.each(['run', 'up', 'load', 'mesh', 'collect', 'doctor', 'trace'])(
  'aftershock %s --help shows an example',
  async (name) => {
    expect(await commandLine([name, '--help'])).toBe(0);
    expect(written(stdout)).toMatch(/Examples?:\n {2}npm /);
  },
);
