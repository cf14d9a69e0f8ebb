import { hash } from 'node:crypto';
import { show } from '../pattern.ts';
import { serviceOf } from '../service.ts';
import type { Attributes, AttributeValue, Span } from '../span.ts';
import type { SpanView, Trace } from '../trace.ts';
import type { SpanNode } from '../tree.ts';

export interface SnapshotShape {
  /** Attributes to take as they are, though their values usually differ from run to run. */
  readonly keep?: readonly string[];
  /** Attributes to leave out, besides those of pauses and queues. */
  readonly without?: readonly string[];
}

type Sign = `<${string}>`;

/** What stands for the values of attributes that differ from run to run, the first that fits. */
const volatile: readonly (readonly [RegExp, Sign])[] = [
  [/(^|[._])port$/, '<port>'],
  [/(^|[._])(pid|thread\.id|process\.id)$/, '<pid>'],
  [/^(host|container|k8s)\.|(server|client|peer|local|source|destination)\.address$/, '<host>'],
  [/^net\.(peer|host|sock)\.|(^|[._])(hostname|client_ip)$|^http\.host$/, '<host>'],
  [/(^|[._])(?<!protocol\.)version$|^user_agent\.original$|^http\.user_agent$/, '<version>'],
  [/(^|[._])(duration|elapsed|latency)$|_(ms|ns|us|micros|millis|nanos|seconds)$/, '<duration>'],
  [/(^|[._])(time|timestamp|date)$/, '<time>'],
  [/stack_?trace$/, '<stacktrace>'],
  [
    /(^|[._])(instance\.id|uuid|guid|request[._]id|correlation[._]id|trace[._]id|span[._]id)$/,
    '<id>',
  ],
];

/** Parts of texts that differ from run to run. */
const volatileText: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b(?=[a-f]*\d)([0-9a-f]{32}|[0-9a-f]{24}|[0-9a-f]{16})\b/gi, '<id>'],
  [/(?<=:\/\/)[^/?#\s"']+/g, '<host>'],
  [/(?<![\w.])(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])(:\d+)?(?![\w.])/gi, '<host>'],
];

/** Whether the library of pauses, or the runtime's chance, has put it there. */
const byChance = /^aftershock\.(pause|queue|server|clock|load|timeout)\./;

/** A trace as text that is the same at every run that does the same, whatever order spans came in. */
export function traceSnapshot(trace: Trace, shape: SnapshotShape = {}): string {
  const reading = readingOf(shape);
  const orphans = new Set(trace.orphans);
  const branches = new Map<SpanNode, Branch>();
  // From the last span of the tree to the first: children before their parents.
  for (const span of trace.spans.toReversed()) {
    const { node } = trace.get(span.spanId) as SpanView;
    const text = linesOf(node, orphans, reading);
    const children = merged(node.children, branches);
    const below = children.map(({ count, branch }) => `${count} ${branch.hash}`).join('');
    branches.set(node, { text, children, hash: hash('sha1', JSON.stringify(text) + below) });
  }
  const lines: string[] = [];
  const waiting = merged(trace.roots, branches).map((each) => ({ ...each, depth: 0 }));
  waiting.reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { branch, count, depth } = next;
    const blanks = '  '.repeat(Math.min(depth, deepest));
    const [head, ...rest] = branch.text;
    lines.push(`${blanks}${count > 1 ? `${count}× ` : ''}${head}`);
    for (const line of rest) lines.push(`${blanks}${line}`);
    for (const child of branch.children.toReversed()) waiting.push({ ...child, depth: depth + 1 });
  }
  return lines.join('\n');
}

/** A span with all below it. */
interface Branch {
  readonly text: readonly string[];
  readonly children: readonly Branches[];
  /** The same for branches that are the same. */
  readonly hash: string;
}

interface Branches {
  readonly branch: Branch;
  readonly count: number;
}

const deepest = 40;

/** In the order of their texts; those that are the same stand once. */
function merged(
  nodes: readonly SpanNode[],
  branches: ReadonlyMap<SpanNode, Branch>,
): readonly Branches[] {
  const found = new Map<string, { branch: Branch; count: number }>();
  for (const node of nodes) {
    const branch = branches.get(node) as Branch;
    if (node.span.name === 'server.queue' && node.children.length === 0) continue;
    const same = found.get(branch.hash);
    if (same) same.count++;
    else found.set(branch.hash, { branch, count: 1 });
  }
  if (found.size < 2) return [...found.values()];
  return [...found.values()]
    .map((each) => ({ ...each, key: each.branch.text.join('\n') + each.branch.hash }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** How keys and texts are read; of each once in a trace, where most of them come at every span. */
interface Reading {
  /** What an attribute's value is shown by: a sign, itself, or itself without what differs; null: not at all. */
  readonly valueOf: (key: string) => Sign | 'as it is' | 'normal' | null;
  readonly textOf: (text: string) => string;
}

function readingOf({ keep = [], without = [] }: SnapshotShape): Reading {
  return {
    valueOf: remembered((key) => {
      if (without.includes(key)) return null;
      if (keep.includes(key)) return 'as it is';
      if (byChance.test(key)) return null;
      return volatile.find(([pattern]) => pattern.test(key))?.[1] ?? 'normal';
    }),
    textOf: remembered((text) =>
      volatileText.reduce((left, [pattern, sign]) => left.replace(pattern, sign), text),
    ),
  };
}

function remembered<T>(find: (text: string) => T): (text: string) => T {
  const found = new Map<string, T>();
  return (text) => {
    let value = found.get(text);
    if (value === undefined) {
      value = find(text);
      found.set(text, value);
    }
    return value;
  };
}

function linesOf(
  { span, place }: SpanNode,
  orphans: ReadonlySet<Span>,
  reading: Reading,
): string[] {
  const { name, kind, status, attributes, events, links } = span;
  const marks = [
    `[${kind}]`,
    ...(status.code === 'unset' ? [] : [status.code]),
    ...(status.message === '' ? [] : [show(reading.textOf(status.message))]),
    ...(orphans.has(span) ? ['without its parent'] : []),
    ...(place === 'cycle' ? ['in a cycle'] : []),
  ];
  return [
    `${serviceOf(span)} ${show(reading.textOf(name))} ${marks.join(' ')}`,
    ...attributeLines(attributes, reading),
    ...eventLines(events, reading),
    ...(links.length > 0 && !isPauseLinked(span) ? [`  links: ${links.length}`] : []),
  ];
}

/** Links of a span that a pause hit lead to the pause. */
function isPauseLinked({ events }: Span): boolean {
  return events.some(({ name }) => name === 'pause');
}

function attributeLines(attributes: Attributes, reading: Reading): string[] {
  const lines: string[] = [];
  for (const key of Object.keys(attributes).sort()) {
    const sign = reading.valueOf(key);
    const value = attributes[key] as AttributeValue;
    if (sign === 'as it is') lines.push(`  ${key}: ${show(value)}`);
    else if (sign === 'normal') lines.push(`  ${key}: ${show(normalValue(value, reading))}`);
    else if (sign !== null) lines.push(`  ${key}: ${sign}`);
  }
  return lines;
}

function eventLines(events: Span['events'], reading: Reading): string[] {
  return events
    .filter(({ name }) => name !== 'pause')
    .flatMap(({ name, attributes }) => [
      `  event ${show(reading.textOf(name))}`,
      ...attributeLines(attributes, reading).map((line) => `  ${line}`),
    ]);
}

function normalValue(value: AttributeValue, reading: Reading): AttributeValue {
  if (typeof value === 'string') return reading.textOf(value);
  if (Array.isArray(value)) return value.map((each) => normalValue(each, reading));
  return value;
}
