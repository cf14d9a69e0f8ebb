import { SpanKind } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../pauses/clock.ts';
import { pauseMaker, RECORDS_KEPT } from '../../pauses/maker.ts';
import type { PauseStrategy } from '../../pauses/strategy.ts';

const anchor = 1_700_000_000_123_456_000n;

/** Every reading is `stepNano` after the one before. */
function steppingClock(stepNano: bigint): Clock {
  let nano = 0n;
  return {
    monotonicNano() {
      nano += stepNano;
      return nano;
    },
    unixNano: (monotonicNano) => anchor + monotonicNano,
  };
}

function strategy(parts: Partial<PauseStrategy> = {}): PauseStrategy {
  return {
    kind: 'fake',
    prepare: async () => {},
    strike: () => undefined,
    stop: async () => {},
    ...parts,
  };
}

const request = { kind: 'fake', durationMs: 120, phase: 'check' } as const;

describe('pauseMaker()', () => {
  test('records a pause, and makes it a root span, to the nanosecond', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const maker = pauseMaker({
      load: async () => strategy(),
      tracer: provider.getTracer('test'),
      clock: steppingClock(120_345_679n),
    });
    const record = await maker.make(request);
    expect(record).toEqual({
      sequence: 1,
      kind: 'fake',
      phase: 'check',
      requestedMs: 120,
      startUnixNano: anchor + 120_345_679n,
      endUnixNano: anchor + 240_691_358n,
      measuredMs: 120.345679,
    });
    expect(maker.records).toEqual([record]);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'pause fake',
      kind: SpanKind.INTERNAL,
      startTime: [1_700_000_000, 243_801_679],
      endTime: [1_700_000_000, 364_147_358],
      attributes: {
        'aftershock.pause.kind': 'fake',
        'aftershock.pause.phase': 'check',
        'aftershock.pause.sequence': 1,
        'aftershock.pause.requested_ms': 120,
        'aftershock.pause.measured_ms': 120.345679,
      },
    });
    expect(span?.parentSpanContext).toBeUndefined();
  });

  test('takes times and evidence from a strategy that knows better', async () => {
    const strike = { startNano: 5n, endNano: 1_000_005n, collectionMs: 0.9 };
    const maker = pauseMaker({
      load: async () => strategy({ strike: async () => strike }),
      clock: steppingClock(1n),
    });
    expect(await maker.make(request)).toMatchObject({
      startUnixNano: anchor + 5n,
      measuredMs: 1,
      collectionMs: 0.9,
    });
  });

  test('prepares before each pause, and makes one at a time in the order asked for', async () => {
    const events: string[] = [];
    const maker = pauseMaker({
      load: async (kind) =>
        strategy({
          kind,
          prepare: async (ms) => void events.push(`prepare ${kind} ${ms}`),
          async strike(ms) {
            events.push(`begin ${kind} ${ms}`);
            await new Promise(setImmediate);
            events.push(`end ${kind} ${ms}`);
            return { startNano: 0n, endNano: 1n };
          },
        }),
    });
    expect(maker.busy).toBe(false);
    const making = [
      maker.make({ ...request, kind: 'a', durationMs: 1 }),
      maker.prepare('a', 3),
      maker.make({ ...request, kind: 'b', durationMs: 2 }),
    ];
    expect(maker.busy).toBe(true);
    await Promise.all(making);
    expect(maker.busy).toBe(false);
    expect(events).toEqual([
      ...['prepare a 1', 'begin a 1', 'end a 1'],
      'prepare a 3',
      ...['prepare b 2', 'begin b 2', 'end b 2'],
    ]);
    expect(maker.made).toBe(2);
  });

  test('hands on what loading, preparing and pausing throw, and goes on after it', async () => {
    let failing = 'load';
    const fail = (where: string) => {
      if (failing === where) throw new Error(`in ${where}`);
    };
    const maker = pauseMaker({
      async load() {
        fail('load');
        return strategy({
          prepare: async () => fail('prepare'),
          strike: () => void fail('strike') as undefined,
        });
      },
    });
    for (failing of ['load', 'prepare', 'strike']) {
      await expect(maker.make(request)).rejects.toThrow(`in ${failing}`);
    }
    failing = 'nothing';
    expect((await maker.make(request)).sequence).toBe(1);
  });

  test('keeps the newest records only', async () => {
    const maker = pauseMaker({ load: async () => strategy() });
    for (let i = 0; i < RECORDS_KEPT + 5; i++) await maker.make(request);
    expect(maker.made).toBe(RECORDS_KEPT + 5);
    expect(maker.records).toHaveLength(RECORDS_KEPT);
    expect(maker.records[0]?.sequence).toBe(6);
  });

  test('stop() gives up what waits, stops each strategy once and makes nothing more', async () => {
    let stops = 0;
    const maker = pauseMaker({
      load: async () =>
        strategy({
          strike: (_ms, signal) =>
            new Promise((_resolve, reject) => {
              signal?.addEventListener('abort', () => reject(signal.reason));
            }),
          stop: async () => void stops++,
        }),
    });
    const waiting = [maker.make(request), maker.make(request)];
    const given = Promise.allSettled(waiting);
    await new Promise(setImmediate);
    await Promise.all([maker.stop(), maker.stop()]);
    for (const { status } of await given) expect(status).toBe('rejected');
    expect(stops).toBe(1);
    await expect(maker.make(request)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(maker.prepare('fake', 1)).rejects.toMatchObject({ name: 'AbortError' });
    expect(maker.made).toBe(0);
  });

  test('an abort before its turn keeps a pause from beginning', async () => {
    const maker = pauseMaker({ load: async () => strategy() });
    await expect(maker.make(request, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(maker.made).toBe(0);
  });

  test('gate() asks the strategies that have one', async () => {
    const held = Promise.resolve();
    const maker = pauseMaker({
      load: async (kind) => strategy(kind === 'gated' ? { gate: () => held } : {}),
    });
    await maker.prepare('fake', 1);
    expect(maker.gate()).toBeUndefined();
    await maker.prepare('gated', 1);
    expect(maker.gate()).toBe(held);
  });
});
