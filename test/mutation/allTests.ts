import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { inject } from 'vitest';

// A run must be the same each time, and what kills a mutant need not be made small.
fc.configureGlobal({ seed: 1, endOnFailure: true });

const folder = new URL('../traces/', import.meta.url);
/** They start servers, processes or other runs of vitest, or test what is not mutated. */
const leftOut =
  /^(asTest|diff|examples|jaeger|matcherTypes|oddTraces|otlp|plainJson|semconvWritten|sources|traceFile|traceSnapshotFile)\./;
/** They take longest; a mutant that another test kills never gets there. */
const last = ['pathMatch.test.ts', 'spanTree.test.ts', 'trace.test.ts', 'settle.test.ts'];

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && !leftOut.test(name))
  .toSorted((a, b) => last.indexOf(a) - last.indexOf(b) || (a < b ? -1 : 1));
const mutated = inject('mutatedFile');
const own = names.filter(
  (name) => mutated !== '' && readFileSync(new URL(name, folder), 'utf8').includes(`/${mutated}'`),
);
for (const name of own.length > 0 ? own : names) {
  // It loads a collector and the SDK, and tests nothing of any module's top level.
  if (name === 'settle.test.ts' && inject('staticMutant') !== '') continue;
  await import(new URL(name, folder).href);
}
