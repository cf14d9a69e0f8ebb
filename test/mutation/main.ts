/**
 * `npm run mutation [-- file…]`: changes the trace model and the matchers in one place after the
 * other, and says which of the changes no test sees. Exit code 1: there are some without a reason in
 * `equivalent.ts`.
 */
import { globSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import { equivalent } from './equivalent.ts';
import { mutationReport } from './report.ts';

const named = process.argv.slice(2);
const mutate = named.length > 0 ? named : ['traces/*.ts', 'traces/vitest/*.ts'];
// Before the run, in which somebody may work on them.
const sources = new Map(globSync(mutate).map((file) => [file, readFileSync(file, 'utf8')]));
const results = await new Stryker({
  mutate,
  testRunner: 'warm',
  plugins: [fileURLToPath(new URL('./warmRunner.ts', import.meta.url))],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // Stryker rewrites the file of this name with an API that TypeScript 7 does not have.
  tsconfigFile: 'none',
  // Of the copy that is mutated.
  ignorePatterns: ['runs', 'dist', 'docs', 'deploy', 'dashboards', 'bench', 'test/interop'],
  tempDirName: 'runs/mutation/sandbox',
  reporters: ['progress-append-only', 'html'],
  htmlReporter: { fileName: 'runs/mutation/report.html' },
  allowConsoleColors: false,
}).runMutationTest();

const { text, faults } = mutationReport(
  results.map((result) => ({ ...result, fileName: relative('.', result.fileName) })),
  (file) => sources.get(file) ?? '',
  equivalent,
);
console.log(`\n${text}`);
process.exitCode = faults > 0 ? 1 : 0;
