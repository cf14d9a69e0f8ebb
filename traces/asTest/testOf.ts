import type { Trace } from '../trace.ts';
import { claimsOf } from './claims.ts';
import { comment, literal } from './code.ts';

/** How a test gets at the trace that was seen. */
export interface TestSource {
  /** A class of `aftershock/traces`, with one argument: the path of a file, or a URL. */
  readonly className: 'FileSource' | 'JaegerSource' | 'TempoSource';
  readonly argument: string;
}

/**
 * A vitest file that says of a trace what should be so next time, too: its structure, calls,
 * outcome, critical path, pauses, and a generous bound of its duration. It passes as it stands: only
 * what holds is said. Names in it are literals, whatever they hold.
 */
export function testOf(trace: Trace, source: TestSource): string {
  const { root, options, traceId } = trace;
  const subject = root === null ? 'a trace' : `${root.service}: ${root.span.name}`;
  const { remoteParentId } = options;
  const parent =
    remoteParentId === undefined ? '' : `, { remoteParentId: ${literal(remoteParentId)} }`;
  const tests = claimsOf(trace, 4).map(({ title, lines }) =>
    [`  test(${literal(title)}, () => {`, ...lines.map((line) => `    ${line}`), '  });'].join(
      '\n',
    ),
  );
  return `// What was seen of trace ${comment(traceId)} in ${comment(source.argument)}.
// To keep it as a test: send the request anew, and wait for its trace in place of reading that one:
//   import { newTraceParent, settle } from 'aftershock/traces';
//   const traceparent = newTraceParent();
//   await fetch(…, { headers: { traceparent } });
//   const trace = await settle(source, traceparent);
import { ${[source.className, 'Trace'].sort().join(', ')} } from 'aftershock/traces';
import { traceMatchers } from 'aftershock/vitest';
import { describe, expect, test } from 'vitest';

expect.extend(traceMatchers);

const source = new ${source.className}(${literal(source.argument)});
const spans = await source.getTrace(${literal(traceId)});
if (spans === null) throw new Error('The source has no such trace any more');
const trace = new Trace(spans${parent});

describe(${literal(subject)}, () => {
${tests.join('\n\n')}
});
`;
}
