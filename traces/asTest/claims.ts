import { hasFailed } from '../failure.ts';
import { earlier, later } from '../interval.ts';
import type { SpanPattern } from '../pattern.ts';
import { pausesOn } from '../pauseEvidence.ts';
import { serviceOf } from '../service.ts';
import type { SpanView, Trace } from '../trace.ts';
import { parseTraceState } from '../traceState.ts';
import { toAttributePause } from '../vitest/toAttributePause.ts';
import { toCallService } from '../vitest/toCallService.ts';
import { toCarryTracestate } from '../vitest/toCarryTracestate.ts';
import { toHaveCriticalPath } from '../vitest/toHaveCriticalPath.ts';
import { toHaveDurationWithin } from '../vitest/toHaveDurationWithin.ts';
import { toHaveNoMissingServerSpans } from '../vitest/toHaveNoMissingServerSpans.ts';
import { toHaveNoOrphans } from '../vitest/toHaveNoOrphans.ts';
import { toHaveNoRepeatedCalls } from '../vitest/toHaveNoRepeatedCalls.ts';
import { toHaveRetries } from '../vitest/toHaveRetries.ts';
import { toHaveSpan } from '../vitest/toHaveSpan.ts';
import { toHaveSpanTree } from '../vitest/toHaveSpanTree.ts';
import { toHaveStatus } from '../vitest/toHaveStatus.ts';
import { toOriginateErrorAt } from '../vitest/toOriginateErrorAt.ts';
import { toRunConcurrently } from '../vitest/toRunConcurrently.ts';
import type { MatcherContext, MatcherResult } from '../vitest/verdict.ts';
import { code } from './code.ts';
import { spanPattern, treePatterns } from './spanPatterns.ts';

const matchers = {
  toAttributePause,
  toCallService,
  toCarryTracestate,
  toHaveCriticalPath,
  toHaveDurationWithin,
  toHaveNoMissingServerSpans,
  toHaveNoOrphans,
  toHaveNoRepeatedCalls,
  toHaveRetries,
  toHaveSpan,
  toHaveSpanTree,
  toHaveStatus,
  toOriginateErrorAt,
  toRunConcurrently,
} as const;

type Name = keyof typeof matchers;

/** A test: what it is about, and what it says of the trace. */
export interface Claims {
  readonly title: string;
  /** Each an assertion that holds, as code, from the indent on. */
  readonly lines: readonly string[];
}

/** Shares of the critical path that are worth a claim. */
const leastPathShare = 0.1;
const mostPathSpans = 8;
const mostOfAKind = 6;
/** What is shorter may be another one each time. */
const leastMs = 2;
/** A bound below that would fail on a busy machine. */
const leastBoundMs = 100;

/** What can be said of a trace that should hold of the next one, too; only what holds of it. */
export function claimsOf(trace: Trace, indent: number): Claims[] {
  const say = sayer(trace, indent);
  const retried = trace.retries.length > 0;
  return [
    { title: 'has the spans that it had', lines: structure(trace, say) },
    { title: 'calls each service as often as it did', lines: calls(trace, say) },
    {
      title: trace.spans.some(hasFailed) ? 'fails where it did' : 'succeeds',
      lines: outcome(trace, say),
    },
    {
      title: 'is whole',
      lines: [...say('toHaveNoOrphans'), ...say('toHaveNoMissingServerSpans')],
    },
    {
      title: retried ? 'tries again what it tried again' : 'repeats no call more than it did',
      lines: repetition(trace, say),
    },
    { title: 'waits for what it waited for', lines: waits(trace, say) },
    { title: 'runs at once what ran at once', lines: concurrency(trace, say) },
    { title: 'carries tracestate from hop to hop', lines: traceState(trace, say) },
    { title: 'was hit by a pause', lines: pauses(trace, say) },
    { title: 'does not take much longer than it did', lines: duration(trace, say) },
  ].filter(({ lines }) => lines.length > 0);
}

type Say = (name: Name, ...values: readonly unknown[]) => string[];

/** Gives an assertion as code if it holds, else nothing. */
function sayer(trace: Trace, indent: number): Say {
  return (name, ...values) => {
    const matcher = matchers[name] as (
      this: MatcherContext,
      received: unknown,
      ...expected: readonly unknown[]
    ) => MatcherResult;
    if (!matcher.call({ isNot: false }, trace, ...values).pass) return [];
    const start = `expect(trace).${name}(`;
    return [`${start}${argumentsCode(values, indent, start.length)});`];
  };
}

function argumentsCode(values: readonly unknown[], indent: number, before: number): string {
  const line = values.map((value) => code(value, 0, Number.NEGATIVE_INFINITY)).join(', ');
  if (indent + before + line.length + 2 <= 100) return line;
  // As formatters do: the last one is opened, unless another one could be.
  const first = values.slice(0, -1);
  if (first.every((value) => typeof value === 'string')) {
    const head = first.map((value) => `${code(value)}, `).join('');
    return `${head}${code(values.at(-1), indent, before + head.length + 2)}`;
  }
  const inner = ' '.repeat(indent + 2);
  const lines = values.map((value) => `${inner}${code(value, indent + 2, 1)},`);
  return `\n${lines.join('\n')}\n${' '.repeat(indent)}`;
}

function structure(trace: Trace, say: Say): string[] {
  const { trees, alike, leftOut } = treePatterns(trace);
  const retried = new Set(
    trace.retries.flatMap(({ attempts }) => attempts.map((each) => each.name)),
  );
  const counts = alike
    // Counts of what is made again when it fails are for the retries.
    .filter(({ pattern }) => !retried.has(String(pattern.name)))
    .slice(0, mostOfAKind)
    .flatMap(({ pattern }) => say('toHaveSpan', pattern, { times: trace.filter(pattern).length }));
  return [
    ...trees.flatMap((tree) => say('toHaveSpanTree', tree)),
    ...(leftOut > 0 ? [`// ${leftOut} branches of the trace are left out above.`] : []),
    ...new Set(counts),
  ];
}

function calls(trace: Trace, say: Say): string[] {
  const edges = new Map<string, { from: string | undefined; to: string; times: number }>();
  for (const { parent, service, span } of trace.views) {
    if (parent?.service === service || span.name === 'server.queue') continue;
    const key = JSON.stringify([parent?.service, service]);
    const edge = edges.get(key);
    if (edge) edge.times++;
    else edges.set(key, { from: parent?.service, to: service, times: 1 });
  }
  const isCounted = trace.retries.length === 0;
  return [...edges.values()].slice(0, 2 * mostOfAKind).flatMap(({ from, to, times }) => {
    // Who is called by nobody is where the trace begins.
    if (from === undefined) return [];
    return say('toCallService', to, { from, ...(isCounted && { times }) });
  });
}

function outcome(trace: Trace, say: Say): string[] {
  const origins = trace.views.filter(
    ({ span, children }) => hasFailed(span) && !children.some((child) => hasFailed(child.span)),
  );
  const patterns = distinct(origins.map(({ span }) => spanPattern(span))).slice(0, mostOfAKind);
  return [
    ...say('toHaveStatus', trace.root?.span.status.code),
    ...patterns.flatMap((pattern) => say('toOriginateErrorAt', pattern)),
  ];
}

function repetition(trace: Trace, say: Say): string[] {
  const retries = trace.retries.map(({ attempts }) => ({
    of: spanPattern(attempts[0] as SpanView['span']),
    attempts: attempts.length,
  }));
  const none = say('toHaveNoRepeatedCalls');
  return [
    ...distinct(retries)
      .slice(0, mostOfAKind)
      .flatMap((each) => say('toHaveRetries', each)),
    ...(none.length > 0 ? none : say('toHaveNoRepeatedCalls', { max: mostRepeated(trace) })),
  ];
}

/** A power of two, so that one more call than there was does not fail. */
function mostRepeated(trace: Trace): number {
  const most = trace.views.reduce((max, { node }) => Math.max(max, node.children.length), 1);
  return 2 ** Math.ceil(Math.log2(most));
}

function waits(trace: Trace, say: Say): string[] {
  const total = Number(trace.durationNano);
  const path: { pattern: SpanPattern; nano: number }[] = [];
  for (const { span, startUnixNano, endUnixNano } of trace.criticalPath) {
    const nano = Number(endUnixNano - startUnixNano);
    if (nano < total * leastPathShare || nano < leastMs * 1e6) continue;
    const pattern = spanPattern(span);
    const last = path.at(-1);
    if (last === undefined || code(last.pattern) !== code(pattern)) path.push({ pattern, nano });
  }
  const longest = new Set(path.toSorted((a, b) => b.nano - a.nano).slice(0, mostPathSpans));
  const patterns = path.filter((each) => longest.has(each)).map(({ pattern }) => pattern);
  return patterns.length === 0 ? [] : say('toHaveCriticalPath', patterns);
}

function concurrency(trace: Trace, say: Say): string[] {
  const groups = trace.views.map(({ children }) =>
    children.filter(({ span }) => span.kind === 'client'),
  );
  const patterns = groups
    .filter((group) => group.length > 1 && overlapMs(group) >= leastMs)
    .map((group) => distinct(group.map(({ span }) => spanPattern(span))));
  return distinct(patterns)
    .slice(0, mostOfAKind)
    .flatMap((each) => say('toRunConcurrently', each));
}

function overlapMs(views: readonly SpanView[]): number {
  const lastStart = views.map(({ span }) => span.startUnixNano).reduce(later);
  const firstEnd = views.map(({ span }) => span.endUnixNano).reduce(earlier);
  return Number(firstEnd - lastStart) / 1e6;
}

/** The project's own member: the number of the hop, and when its request came. */
function traceState(trace: Trace, say: Say): string[] {
  const hops = new Map<string, Set<string>>();
  for (const span of trace.spans) {
    if (span.kind !== 'server') continue;
    const value = parseTraceState(span.traceState).find(({ key }) => key === 'aftershock')?.value;
    const [, hop = ''] = /^h:(\d+);t:\d+$/.exec(value ?? '') ?? [];
    const service = serviceOf(span);
    hops.set(service, (hops.get(service) ?? new Set()).add(hop));
  }
  return [...hops].slice(0, mostOfAKind).flatMap(([service, seen]) => {
    const [hop = ''] = seen;
    if (seen.size !== 1 || hop === '') return [];
    const member = { aftershock: new RegExp(`^h:${hop};t:\\d+$`) };
    return say('toCarryTracestate', member, { at: { service, kind: 'server' } });
  });
}

function pauses(trace: Trace, say: Say): string[] {
  return trace.blame
    .filter(({ cause, durationNano }) => cause === 'pause' && Number(durationNano) >= leastMs * 2e6)
    .flatMap(({ service, durationNano }) => {
      const seen = trace.spans.flatMap(pausesOn).filter((pause) => pause.service === service);
      const kinds = new Set(seen.map(({ kind }) => kind));
      const [kind] = kinds;
      const minMs = Math.floor(Number(durationNano) / 2e6);
      return say('toAttributePause', { service, ...(kinds.size === 1 && { kind }), minMs });
    });
}

function duration(trace: Trace, say: Say): string[] {
  const ms = Number(trace.durationNano) / 1e6;
  return say('toHaveDurationWithin', { maxMs: roundUp(Math.max(leastBoundMs, 3 * ms)) });
}

/** To 1, 2 or 5 with zeros. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 5].find((step) => step * unit >= value) ?? 10) as number) * unit;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [code(value), value])).values()];
}
