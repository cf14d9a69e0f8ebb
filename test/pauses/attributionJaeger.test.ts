import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { criticalPath, jaegerRules } from '../../traces/criticalPath.ts';
import { spanTree } from '../../traces/tree.ts';
import {
  asStored,
  type Handled,
  handle,
  hrTime,
  pausedProcess,
  received,
  sdks,
} from './pausedProcess.ts';

/** An attempt of the caller: its client span, when the request was stamped, and its handling. */
interface Attempt {
  readonly from: number;
  readonly to: number;
  readonly stamp: number | null;
  readonly handled: Handled;
}

interface Case {
  readonly when: string;
  readonly attempts: readonly Attempt[];
  /** Of the callee's clock. */
  readonly pause: readonly [number, number] | null;
  /** The caller's own span. */
  readonly root: readonly [number, number];
  /** Milliseconds charged to the callee. */
  readonly want: number;
  /** And what would be without the spans of the attribution. */
  readonly without: number;
}

/** The callee stood still from -20 to 100. */
const pause = [-20, 100] as const;

const cases: readonly Case[] = [
  {
    when: 'the reply came in time',
    attempts: [{ from: 0, to: 108, stamp: 1, handled: { from: 102, to: 107, idle: -20 } }],
    pause,
    root: [0, 109],
    want: 101 + 5,
    without: 5,
  },
  {
    when: 'it came by a new connection: stamped before it was set up',
    attempts: [{ from: 0, to: 108, stamp: 0.5, handled: { from: 102, to: 107, idle: -20 } }],
    pause,
    root: [0, 109],
    want: 101.5 + 5,
    without: 5,
  },
  {
    when: 'the caller timed out before the handler began',
    attempts: [{ from: 0, to: 50, stamp: 1, handled: { from: 102, to: 107, idle: -20 } }],
    pause,
    root: [0, 51],
    want: 49,
    without: 0,
  },
  {
    when: 'the caller tried again, and both attempts waited',
    attempts: [
      { from: 0, to: 50, stamp: 1, handled: { from: 102, to: 104, idle: -20 } },
      { from: 51, to: 108, stamp: 52, handled: { from: 104, to: 107, idle: -20 } },
    ],
    pause,
    root: [0, 109],
    want: 49 + 52 + 3,
    without: 3,
  },
  {
    when: 'the sender stamps nothing: all since the callee was last idle',
    attempts: [{ from: 0, to: 108, stamp: null, handled: { from: 102, to: 107, idle: -20 } }],
    pause,
    root: [0, 109],
    want: 102 + 5,
    without: 5,
  },
  {
    when: 'the caller stood still between stamping and writing',
    attempts: [{ from: 0, to: 126, stamp: 1, handled: { from: 120, to: 125, idle: 119.9 } }],
    pause: null,
    root: [0, 127],
    want: 5,
    without: 5,
  },
  {
    when: 'the network took long, and the callee was idle',
    attempts: [{ from: 0, to: 108, stamp: 1, handled: { from: 100, to: 105, idle: 99 } }],
    pause: null,
    root: [0, 109],
    want: 5,
    without: 5,
  },
  {
    when: 'the callee had been idle once since the request was sent',
    attempts: [{ from: 0, to: 108, stamp: 1, handled: { from: 102, to: 107, idle: 60 } }],
    pause: [60, 100],
    root: [0, 109],
    want: 42 + 5,
    without: 5,
  },
  {
    when: 'the wait was too short to be told',
    attempts: [{ from: 0, to: 10, stamp: 1, handled: { from: 2.9, to: 9, idle: 0 } }],
    pause: null,
    root: [0, 11],
    want: 6.1,
    without: 6.1,
  },
  {
    when: "the callee's clock is 5 s ahead: its spans are out of the caller's",
    attempts: [{ from: 0, to: 108, stamp: 1, handled: { from: 5102, to: 5107, idle: 4980 } }],
    pause: [4980, 5100],
    root: [0, 109],
    want: 0,
    without: 0,
  },
  {
    when: "the callee's clock is 5 s behind",
    attempts: [{ from: 0, to: 108, stamp: 1, handled: { from: -4898, to: -4893, idle: -5020 } }],
    pause: [-5020, -4900],
    root: [0, 109],
    want: 0,
    without: 0,
  },
];

describe.each(sdks)("Jaeger's critical path with %s", (sdk) => {
  test.each(cases)('charges the callee $want ms when $when', async (one) => {
    const exporter = new InMemorySpanExporter();
    const caller = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'caller' }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    }).getTracer('test');
    const callee = pausedProcess(sdk);
    const [rootFrom, rootTo] = one.root;
    const root = caller.startSpan('root', { startTime: hrTime(rootFrom) }, ROOT_CONTEXT);
    for (const { from, to, stamp, handled } of one.attempts) {
      const client = caller.startSpan(
        'GET',
        { kind: SpanKind.CLIENT, startTime: hrTime(from) },
        received(root.spanContext(), null),
      );
      handle(callee, handled, received(client.spanContext(), stamp));
      client.end(hrTime(to));
    }
    root.end(hrTime(rootTo));
    if (one.pause) callee.detector.pause('gc', ...one.pause);
    const ours = await callee.spans();
    const callers = asStored(exporter.getFinishedSpans() as never[]);
    const { traceId } = root.spanContext();

    const charged = (spans: typeof ours) => {
      const [tree] = spanTree(
        [...callers, ...spans].filter((span) => span.traceId === traceId),
      ).roots.filter(({ place }) => place === 'root');
      if (tree === undefined) throw new Error('no tree');
      const sections = criticalPath(tree, jaegerRules);
      const total = sections.reduce(
        (sum, { startUnixNano, endUnixNano }) => sum + Number(endUnixNano - startUnixNano) / 1e6,
        0,
      );
      expect(total).toBeCloseTo(rootTo - rootFrom, 2);
      return sections
        .filter(({ span }) => span.resource.attributes['service.name'] === 'callee')
        .reduce(
          (sum, { startUnixNano, endUnixNano }) => sum + Number(endUnixNano - startUnixNano) / 1e6,
          0,
        );
    };
    expect(charged(ours)).toBeCloseTo(one.want, 1);
    expect(charged(ours.filter(({ kind }) => kind === 'server'))).toBeCloseTo(one.without, 1);
    for (const { startUnixNano, endUnixNano } of ours) {
      expect(endUnixNano).toBeGreaterThanOrEqual(startUnixNano);
    }
  });
});
