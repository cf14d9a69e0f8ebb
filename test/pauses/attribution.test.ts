import { type Span as ApiSpan, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerWasSent } from '../../pauses/attribution/answerSent.ts';
import { PauseAttribute } from '../../pauses/strategy.ts';
import type { Span } from '../../traces/span.ts';
import {
  asStored,
  begin,
  handle,
  hrTime,
  msOf,
  nano,
  type PausedProcess,
  pausedProcess,
  received,
  sdks,
} from './pausedProcess.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

/** All of it, as the processor hands it on once its detector has seen everything. */
async function spansOf(process: PausedProcess): Promise<Span[]> {
  process.detector.settledMs = Number.MAX_SAFE_INTEGER / 1e6;
  const spans = process.spans();
  await vi.runAllTimersAsync();
  return spans;
}

/** The library's own attributes, without their prefix. */
function own({ attributes }: Pick<Span, 'attributes'>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => key.startsWith('aftershock.') && !key.includes('evidence'))
      .map(([key, value]) => [key.slice('aftershock.'.length), value]),
  );
}

/** The caller of one of several requests, each of a trace of its own. */
function ofTrace(i: number) {
  return { ...caller, traceId: `${i + 1}`.repeat(32) };
}

/** It asks another service. */
function calls(process: PausedProcess, server: ApiSpan, atMs: number): void {
  const options = { kind: SpanKind.CLIENT, startTime: hrTime(atMs) };
  process.tracer.startSpan('GET', options, trace.setSpan(ROOT_CONTEXT, server));
}

/** What its server span says of each request that was handled. */
function serverRoles(spans: readonly Span[]): unknown[] {
  return spans.filter(({ kind }) => kind === 'server').map((span) => own(span)['pause.role']);
}

function named(spans: readonly Span[], name: string): Span {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1) throw new Error(`${found.length} spans are named "${name}"`);
  return found[0] as Span;
}

describe.each(sdks)('With %s', (sdk) => {
  test('a span says of each pause when it was and how much of it, and links to it', async () => {
    const process = pausedProcess(sdk);
    const span = process.tracer.startSpan('work', { startTime: hrTime(0), attributes: { a: 1 } });
    span.addEvent('before', hrTime(5));
    process.detector.pause('block', -10, 20);
    process.detector.pause('gc', 50, 75);
    process.detector.pause('gc', 90, 110);
    span.end(hrTime(100));
    const spans = await spansOf(process);
    const work = named(spans, 'work');
    expect(own(work)).toEqual({ 'pause.role': 'hit', 'pause.overlap_ms': 20 + 25 + 10 });
    expect(work.attributes.a).toBe(1);
    expect(
      work.events.map(({ name, timeUnixNano, attributes }) => [
        name,
        msOf(timeUnixNano),
        attributes,
      ]),
    ).toEqual([
      ['before', 5, {}],
      ...[
        [0, 'block', 30, 20],
        [50, 'gc', 25, 25],
        [90, 'gc', 20, 10],
      ].map(([at, kind, length, overlap]) => [
        'pause',
        at,
        {
          'aftershock.pause.kind': kind,
          'aftershock.pause.duration_ms': length,
          'aftershock.pause.overlap_ms': overlap,
        },
      ]),
    ]);
    const pauses = spans.filter(({ name }) => name.startsWith('pause '));
    expect(work.links.map(({ spanId }) => spanId)).toEqual(pauses.map(({ spanId }) => spanId));
    expect(
      pauses.map(({ name, links, startUnixNano, endUnixNano, kind, parentSpanId }) => [
        name,
        msOf(startUnixNano),
        msOf(endUnixNano),
        kind,
        parentSpanId,
        links.map(({ spanId }) => spanId),
      ]),
    ).toEqual([
      ['pause block', -10, 20, 'internal', '', [work.spanId]],
      ['pause gc', 50, 75, 'internal', '', [work.spanId]],
      ['pause gc', 90, 110, 'internal', '', [work.spanId]],
    ]);
    expect(pauses[0]?.resource.attributes['service.name']).toBe('callee');
    expect(pauses[0]?.attributes).toMatchObject({
      'aftershock.pause.measured_ms': 30,
      'aftershock.pause.evidence.loop_stall_ms': 30,
      'aftershock.pause.hit': 1,
      'aftershock.pause.queued': 0,
    });
  });

  test('a span that no pause touched is handed on as it is', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', -50, -20);
    const span = process.tracer.startSpan('work', { startTime: hrTime(0) });
    span.end(hrTime(10));
    process.detector.pause('gc', 10.1, 40);
    await spansOf(process);
    expect(process.out.some((one) => (one as unknown) === span)).toBe(true);
  });

  test('nested spans are marked each, their request is counted once', async () => {
    const process = pausedProcess(sdk);
    const server = begin(process, { from: 0, idle: 0 }, received(caller, -1));
    const inServer = trace.setSpan(ROOT_CONTEXT, server);
    const inner = process.tracer.startSpan('inner', { startTime: hrTime(1) }, inServer);
    const innermost = process.tracer.startSpan(
      'innermost',
      { startTime: hrTime(2) },
      trace.setSpan(inServer, inner),
    );
    process.detector.pause('freeze', 10, 30);
    innermost.end(hrTime(31));
    inner.end(hrTime(32));
    server.end(hrTime(33));
    const spans = await spansOf(process);
    expect(own(named(spans, 'innermost'))).toEqual({ 'pause.overlap_ms': 20 });
    expect(own(named(spans, 'inner'))).toEqual({ 'pause.overlap_ms': 20 });
    expect(own(named(spans, 'GET'))).toEqual({ 'pause.overlap_ms': 20, 'pause.role': 'hit' });
    const pause = named(spans, 'pause freeze');
    expect(own(pause)).toMatchObject({ 'pause.hit': 1, 'pause.queued': 0 });
    expect(pause.links.map(({ spanId }) => spanId)).toEqual([named(spans, 'GET').spanId]);
  });

  test('who came during the pause was hit, who came into its backlog queued, who came later neither', async () => {
    const process = pausedProcess(sdk);
    // Served one after the other, from the pause's end on; the loop is idle again at 125.
    const requests = [
      { sent: 10, from: 101, to: 106, idle: 0 },
      { sent: 50, from: 106, to: 111, idle: 0 },
      { sent: 99, from: 111, to: 116, idle: 0 },
      { sent: 104, from: 116, to: 121, idle: 0 },
      { sent: 114, from: 121, to: 125, idle: 0 },
      { sent: 124, from: 125.5, to: 129, idle: 125.2 },
      { sent: 140, from: 140.5, to: 145, idle: 140.2 },
    ];
    process.detector.pause('gc', 0, 100);
    for (const { sent, ...handled } of requests) handle(process, handled, received(caller, sent));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual([
      'hit',
      'hit',
      'hit',
      'queued',
      'queued',
      undefined,
      undefined,
    ]);
    const queues = spans.filter(({ name }) => name === 'server.queue');
    expect(queues.map((span) => [msOf(span.startUnixNano), own(span)['pause.role']])).toEqual([
      [10, 'hit'],
      [50, 'hit'],
      [99, 'hit'],
      [104, 'queued'],
      [114, 'queued'],
    ]);
    expect(own(named(spans, 'pause gc'))).toMatchObject({ 'pause.hit': 3, 'pause.queued': 2 });
  });

  test('who waited only for the rest of the work on others was queued: the loop had not been idle', async () => {
    const process = pausedProcess(sdk);
    // The two that were hit begin at once; their work goes on in the loop until 190.
    const requests = [
      { sent: 10, from: 101, to: 180, idle: 0 },
      { sent: 50, from: 102, to: 190, idle: 0 },
      { sent: 130, from: 190, to: 195, idle: 0 },
      { sent: 205, from: 205.3, to: 210, idle: 205.1 },
      { sent: 207, from: 215, to: 216, idle: 205.1 },
    ];
    process.detector.pause('gc', 0, 100);
    for (const { sent, ...handled } of requests) handle(process, handled, received(caller, sent));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['hit', 'hit', 'queued', undefined, undefined]);
    expect(own(named(spans, 'pause gc'))).toMatchObject({ 'pause.hit': 2, 'pause.queued': 1 });
  });

  test('who waited while victims were being answered was not queued: the loop had been idle', async () => {
    const process = pausedProcess(sdk);
    // The two that were hit call another service. The loop is idle until the answers come, at 130.
    process.detector.pause('gc', 0, 100);
    const victims = [10, 50].map((sent, i) => {
      const server = begin(process, { from: 101 + i, idle: 0 }, received(ofTrace(i), sent));
      calls(process, server, 102 + i);
      return server;
    });
    victims[0]?.end(hrTime(140));
    victims[1]?.end(hrTime(150));
    handle(process, { from: 150, to: 155, idle: 130 }, received(ofTrace(2), 135));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['hit', 'hit', undefined]);
  });

  test.each([
    ['was queued', 5, 'queued'],
    ['was not queued where the loop rested more than it worked since then', 50, undefined],
  ])(
    'who waited for the rest of the work on victims that had waited for no other service %s',
    async (_, restMs, role) => {
      const process = pausedProcess(sdk);
      process.detector.pause('gc', 0, 100);
      // Both wait for the thread pool, unseen, while the loop rests. What they do then takes until 150.
      const victims = [10, 50].map((sent, i) =>
        begin(process, { from: 101 + i, idle: 0 }, received(ofTrace(i), sent)),
      );
      process.detector.restedMs = restMs;
      victims[0]?.end(hrTime(130));
      victims[1]?.end(hrTime(150));
      // Came while both were at it, and while the other still was: it is begun with behind both.
      handle(process, { from: 150, to: 155, idle: 106 }, received(ofTrace(2), 120));
      handle(process, { from: 155, to: 160, idle: 106 }, received(ofTrace(3), 140));
      // Nobody was left when they came.
      process.detector.restedMs += 6;
      handle(process, { from: 170, to: 175, idle: 166 }, received(ofTrace(4), 165));
      const spans = await spansOf(process);
      expect(serverRoles(spans)).toEqual(['hit', 'hit', role, role, undefined]);
    },
  );

  test('who comes after one that was begun with at once was not queued, though the loop never rested', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 100);
    const victim = begin(process, { from: 101, idle: 0 }, received(ofTrace(0), 50));
    calls(process, victim, 105);
    handle(process, { from: 106, to: 110, idle: 0 }, received(ofTrace(1), 103));
    handle(process, { from: 111, to: 120, idle: 0 }, received(ofTrace(2), 110.8));
    handle(process, { from: 120, to: 125, idle: 0 }, received(ofTrace(3), 114));
    victim.end(hrTime(130));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['queued', undefined, undefined, 'hit']);
  });

  test('a victim that is at it for long and unseen makes nobody queued after it', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 100);
    begin(process, { from: 101, idle: 0 }, received(ofTrace(0), 10));
    process.detector.restedMs = 90;
    handle(process, { from: 205, to: 208, idle: 200 }, received(ofTrace(1), 200));
    // A second pause, with a backlog of its own.
    process.detector.pause('gc', 210, 310);
    handle(process, { from: 311, to: 340, idle: 210 }, received(ofTrace(2), 220));
    process.detector.restedMs = 95;
    handle(process, { from: 340, to: 350, idle: 315 }, received(ofTrace(3), 320));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual([undefined, 'hit', 'queued']);
  });

  test('who came when all before had been answered was not queued, though the loop went on with something else', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 100);
    handle(process, { from: 101, to: 106, idle: 0 }, received(caller, 10));
    handle(process, { from: 106, to: 111, idle: 0 }, received(caller, 104));
    // An export until 125. Two came meanwhile, and are there together.
    const second = begin(process, { from: 125, idle: 0 }, received(caller, 114));
    handle(process, { from: 126, to: 127, idle: 0 }, received(caller, 115));
    second.end(hrTime(128));
    // Its sender's clock is not believed: since when it was here cannot be told.
    handle(process, { from: 135, to: 136, idle: 0 }, received(caller, 5000));
    const spans = await spansOf(process);
    const sentMs = (span: Span) => msOf(span.startUnixNano);
    const servers = spans.filter(({ kind }) => kind === 'server');
    expect(
      servers
        .toSorted((a, b) => sentMs(a) - sentMs(b))
        .map((span) => [sentMs(span), own(span)['pause.role']]),
    ).toEqual([
      [101, 'hit'],
      [106, 'queued'],
      [125, undefined],
      [126, undefined],
      [135, 'hit'],
    ]);
  });

  test('who was hit and still waits says so, though one that came later has been answered already', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 100);
    handle(process, { from: 101, to: 106, idle: 0 }, received(caller, 10));
    // By a connection that there was; of new ones the loop takes in one a poll.
    handle(process, { from: 106.5, to: 106.7, idle: 0 }, received(caller, 106.3));
    handle(process, { from: 107, to: 107.2, idle: 0 }, received(caller, 20));
    handle(process, { from: 107.5, to: 108, idle: 0 }, received(caller, 103));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['hit', undefined, 'hit', 'queued']);
    expect(own(named(spans, 'pause gc'))).toMatchObject({ 'pause.hit': 2, 'pause.queued': 1 });
  });

  test('of a loop that never rests only those are called queued who come within 20 times the pause', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 10);
    // Each is here while the one before is worked on.
    for (let from = 10; from < 400; from += 5) {
      handle(process, { from, to: from + 5, idle: -1 }, received(caller, from - 3));
    }
    const spans = await spansOf(process);
    const roles = serverRoles(spans);
    expect(roles.slice(0, 2)).toEqual(['hit', 'queued']);
    // Sent at 207, and at 212: 200 ms after the pause's end, and later.
    expect(roles.slice(40, 42)).toEqual(['queued', undefined]);
    expect(roles.slice(41)).not.toContain('queued');
    expect(own(named(spans, 'pause gc'))).toMatchObject({ 'pause.hit': 1, 'pause.queued': 40 });
  });

  test('where the loop had not rested for 20 times the pause before it nobody is called queued', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 20, -401);
    handle(process, { from: 20, to: 25, idle: -401 }, received(caller, 10));
    handle(process, { from: 25, to: 30, idle: -401 }, received(caller, 22));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['hit', undefined]);
    expect(own(named(spans, 'pause gc'))).toMatchObject({ 'pause.hit': 1, 'pause.queued': 0 });
  });

  test('a pause within the backlog of another takes over what is left of it', async () => {
    const process = pausedProcess(sdk);
    process.detector.pause('gc', 0, 100);
    handle(process, { from: 100, to: 150, idle: 0 }, received(caller, 50));
    process.detector.pause('block', 550, 562, 0);
    handle(process, { from: 562, to: 570, idle: 0 }, received(caller, 520));
    handle(process, { from: 570, to: 575, idle: 0 }, received(caller, 565));
    process.detector.pause('block', 3000, 3012, 0);
    handle(process, { from: 3014, to: 3020, idle: 0 }, received(caller, 3013));
    const spans = await spansOf(process);
    expect(serverRoles(spans)).toEqual(['hit', 'hit', 'queued', undefined]);
  });

  test('a client span says for how long the loop had been busy when it ended', async () => {
    const process = pausedProcess(sdk);
    for (const [end, idle] of [
      [50, 20],
      [60, 58.5],
    ] as const) {
      const call = process.tracer.startSpan('GET', {
        kind: SpanKind.CLIENT,
        startTime: hrTime(10),
      });
      process.detector.idleMs = idle;
      call.end(hrTime(end));
    }
    const spans = await spansOf(process);
    expect(spans.map((span) => own(span))).toEqual([{ 'client.busy_ms': 30 }, {}]);
  });

  test('a request that came while its thread waited for a core waited here, though the loop was idle', async () => {
    const process = pausedProcess(sdk);
    process.detector.coreWaitMs = 8;
    handle(process, { from: 20, to: 25, idle: 19.5 }, received(caller, 5));
    handle(process, { from: 40, to: 45, idle: 39.5 }, received(caller, 36));
    const spans = await spansOf(process);
    const waited = spans.filter(({ name }) => name === 'server.queue');
    const handled = spans.filter(({ name }) => name === 'GET');
    const first = { 'server.wait_from': 'idle', 'server.wait_core_ms': 8 };
    const second = { 'server.wait_from': 'stamp', 'server.wait_core_ms': 3.5 };
    expect(waited.map(own)).toEqual([first, second]);
    expect(waited.map(({ startUnixNano }) => msOf(startUnixNano))).toEqual([11.5, 36]);
    expect(handled.map(own)).toEqual([
      { ...first, 'server.wait_ms': 8.5, 'server.transit_ms': 6.5 },
      { ...second, 'server.wait_ms': 4 },
    ]);
  });

  test('of a loop that never rests a request has been here since its last polls, and no longer', async () => {
    const process = pausedProcess(sdk);
    process.detector.absentMs = 40;
    handle(process, { from: 41, to: 42, idle: -20 }, received(caller, null));
    handle(process, { from: 52, to: 53, idle: -20 }, received(caller, null));
    const spans = await spansOf(process);
    const handled = spans.filter(({ name }) => name === 'GET');
    expect(handled.map(own)).toEqual([{}, { 'server.wait_from': 'idle', 'server.wait_ms': 12 }]);
  });

  test('a request that was long on its way to an idle loop says so, and only for it the kernel is asked', async () => {
    const process = pausedProcess(sdk);
    handle(process, { from: 20, to: 25, idle: 19.5 }, received(caller, 18.1));
    handle(process, { from: 30, to: 35, idle: 29 }, received(caller, null));
    handle(process, { from: 40, to: 45, idle: 30 }, received(caller, 39));
    handle(process, { from: 5000, to: 5005, idle: 4999.9 }, received(caller, 100));
    expect(process.detector.coreWaitAsked).toBe(0);
    handle(process, { from: 6000, to: 6005, idle: 5999.5 }, received(caller, 5990));
    expect(process.detector.coreWaitAsked).toBe(1);
    const spans = await spansOf(process);
    expect(spans.map(own)).toEqual([{}, {}, {}, {}, { 'server.transit_ms': 9.5 }]);
  });

  test('a client span says of an answer how long it was on its way, and lay here unread', async () => {
    const process = pausedProcess(sdk);
    for (const [sent, idle, core] of [
      [40, 49.8, 0],
      [40, 49.8, 5],
      [48.5, 49.8, 5],
      [20, 30, 5],
      [null, 49.8, 5],
    ] as const) {
      const span = process.tracer.startSpan('GET', {
        kind: SpanKind.CLIENT,
        startTime: hrTime(10),
      });
      process.detector.idleMs = idle;
      process.detector.coreWaitMs = core;
      if (sent !== null) answerWasSent(span, Number(nano(sent)) / 1000);
      span.end(hrTime(50));
    }
    const spans = await spansOf(process);
    expect(spans.map(own)).toEqual([
      { 'client.transit_ms': 9.8 },
      { 'client.transit_ms': 4.8, 'client.busy_ms': 5.2, 'client.busy_core_ms': 5 },
      {},
      { 'client.transit_ms': 10, 'client.busy_ms': 20 },
      {},
    ]);
  });

  test('without a remote parent the wait is told on the server span', async () => {
    const process = pausedProcess(sdk);
    handle(process, { from: 102, to: 107, idle: -20 }, ROOT_CONTEXT);
    process.detector.pause('block', -20, 100);
    const spans = await spansOf(process);
    expect(spans.map(({ name }) => name)).toEqual(['GET', 'pause block']);
    expect(own(named(spans, 'GET'))).toEqual({
      'server.wait_ms': 122,
      'server.wait_from': 'idle',
      'server.wait_pause_ms': 120,
      'pause.role': 'hit',
    });
  });

  test.each([
    { when: 'after it', stamp: 5102, apart: -5000, by: 'idle', wait: 122 },
    { when: 'long before it', stamp: -4898, apart: 5000, by: 'idle', wait: 122 },
    { when: 'a little after it', stamp: 103, apart: undefined, by: undefined, wait: undefined },
    { when: 'within reach', stamp: 40, apart: undefined, by: 'stamp', wait: 62 },
    { when: 'not at all', stamp: null, apart: undefined, by: 'idle', wait: 122 },
  ])('a stamp by a clock that says $when', async ({ stamp, apart, by, wait }) => {
    const process = pausedProcess(sdk);
    handle(process, { from: 102, to: 107, idle: -20 }, received(caller, stamp));
    const server = own(named(await spansOf(process), 'GET'));
    expect(server).toEqual({
      ...(apart !== undefined && { 'clock.apart_ms': apart }),
      ...(wait !== undefined && { 'server.wait_ms': wait, 'server.wait_from': by }),
    });
  });

  test('a pause that was made on demand has one span, whichever is known first', async () => {
    for (const madeFirst of [true, false]) {
      const process = pausedProcess(sdk);
      const make = () =>
        process.tracer
          .startSpan('pause gc', {
            root: true,
            startTime: hrTime(0),
            attributes: { [PauseAttribute.kind]: 'gc', [PauseAttribute.requestedMs]: 120 },
          })
          .end(hrTime(118));
      const work = process.tracer.startSpan('work', { startTime: hrTime(-5) });
      if (madeFirst) make();
      process.detector.pause('gc', -1, 118.5);
      if (!madeFirst) make();
      work.end(hrTime(120));
      const spans = await spansOf(process);
      expect(spans.map(({ name }) => name).toSorted()).toEqual(['pause gc', 'work']);
      const pause = named(spans, 'pause gc');
      expect(named(spans, 'work').links.map(({ spanId }) => spanId)).toEqual([pause.spanId]);
      expect([pause.startUnixNano, pause.endUnixNano].map(msOf)).toEqual([0, 118]);
      expect(own(pause)).toMatchObject({
        'pause.requested_ms': 120,
        'pause.detected.kind': 'gc',
        'pause.detected.start_offset_ms': -1,
        'pause.detected.end_offset_ms': 0.5,
        'pause.hit': 1,
      });
    }
  });

  test('a pause that was made and never detected keeps its span', async () => {
    const process = pausedProcess(sdk);
    const attributes = { [PauseAttribute.kind]: 'delay', [PauseAttribute.requestedMs]: 120 };
    process.tracer.startSpan('pause delay', { startTime: hrTime(0), attributes }).end(hrTime(120));
    expect(process.out).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(process.out.map(({ name }) => name)).toEqual(['pause delay']);
    expect(process.detector.requestsInFlight).toBe(0);
  });
});

describe('Ended spans are held', () => {
  function ended(process: PausedProcess, name: string, endMs: number): void {
    process.tracer.startSpan(name, { startTime: hrTime(endMs - 1) }).end(hrTime(endMs));
  }

  test('until the detector has seen everything up to their end', async () => {
    const process = pausedProcess();
    ended(process, 'a', 10);
    ended(process, 'b', 20);
    process.detector.settledMs = 15;
    await vi.advanceTimersByTimeAsync(20);
    expect(process.out.map(({ name }) => name)).toEqual(['a']);
    process.detector.settledMs = 20;
    await vi.advanceTimersByTimeAsync(20);
    expect(process.out.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('for 50 ms at most, also when the detector never has', async () => {
    const process = pausedProcess();
    ended(process, 'a', 10);
    await vi.advanceTimersByTimeAsync(40);
    expect(process.out).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(process.out).toHaveLength(1);
  });

  test('a bounded number of them', () => {
    const process = pausedProcess('SDK 3', { maxHeld: 100 });
    for (let i = 0; i < 1000; i++) ended(process, `${i}`, i);
    expect(process.out).toHaveLength(900);
    expect(process.out[0]?.name).toBe('0');
  });

  test.each(['forceFlush', 'shutdown'] as const)('%s lets them go', async (method) => {
    const process = pausedProcess();
    ended(process, 'a', 10);
    process.detector.pause('gc', 9.5, 30);
    const done = process.processor[method]();
    await vi.advanceTimersByTimeAsync(60);
    await done;
    expect(
      asStored(process.out).map(({ name, attributes }) => [
        name,
        attributes['aftershock.pause.overlap_ms'],
      ]),
    ).toEqual([
      ['a', 0.5],
      ['pause gc', undefined],
    ]);
    expect(process.detector.stopped).toBe(method === 'shutdown' ? 1 : 0);
  });

  test('not after shutdown, which may be called again', async () => {
    const process = pausedProcess();
    const done = [process.processor.shutdown(), process.processor.shutdown()];
    ended(process, 'a', 10);
    await vi.runAllTimersAsync();
    await Promise.all(done);
    expect(process.out).toHaveLength(1);
    expect(process.detector.stopped).toBe(1);
    process.detector.pause('gc', 0, 20);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('the detector is told of the requests in flight, and of each start and end', () => {
  const process = pausedProcess();
  const { detector } = process;
  const spans = [0, 1, 2].map((from) =>
    begin(process, { from, idle: from }, received(caller, from)),
  );
  expect([detector.requestsInFlight, detector.marks]).toEqual([3, 3]);
  const [first] = spans;
  first?.end(hrTime(5));
  first?.end(hrTime(6));
  expect([detector.requestsInFlight, detector.marks]).toEqual([2, 4]);
  for (const span of spans) span.end(hrTime(7));
  expect(detector.requestsInFlight).toBe(0);
});

test('a span goes on at the first look by which all that hit it is known', () => {
  const process = pausedProcess();
  const { detector, out } = process;
  detector.running = true;
  handle(process, { from: 0, to: 5, idle: 0 }, received(caller, 0));
  handle(process, { from: 6, to: 9, idle: 6 }, received(caller, 6));
  const handedOnBy = (settledMs: number) => {
    detector.settledMs = settledMs;
    detector.look();
    return out.length;
  };
  expect([4, 8, 9].map(handedOnBy)).toEqual([0, 1, 2]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a request that has just ended when its pause is told counts as hit, once', async () => {
  const counts: unknown[] = [];
  const process = pausedProcess('SDK 3', {
    onVictims: (kind, victims) => counts.push([kind, { ...victims }]),
  });
  const span = begin(process, { from: 0, idle: 0 }, received(caller, 0));
  process.detector.pause('block', 10, 110);
  for (let ms = 1; counts.length === 0; ms++) {
    await vi.advanceTimersByTimeAsync(1);
    // It is held for its evidence, while the pause has been quiet for long enough.
    if (ms === 240) span.end(hrTime(240));
  }
  expect(process.out.map(({ name }) => name)).toEqual(['pause block']);
  expect(counts).toEqual([['block', { hit: 1, queued: 0 }]]);
});

test('a request that is still here when its pause is told counts as hit', async () => {
  const counts: unknown[] = [];
  const process = pausedProcess('SDK 3', {
    onVictims: (kind, victims) => counts.push([kind, { ...victims }]),
  });
  const span = begin(process, { from: 0, idle: 0 }, received(caller, 0));
  process.detector.pause('block', 10, 110);
  await vi.advanceTimersByTimeAsync(400);
  expect(counts).toEqual([['block', { hit: 1, queued: 0 }]]);
  expect(
    process.out.map(({ name, links }) => [name, links.map(({ context }) => context.spanId)]),
  ).toEqual([['pause block', [span.spanContext().spanId]]]);
});

test('a pause that hit nobody has a span, unless it was only late for a core', async () => {
  const counts: unknown[] = [];
  const process = pausedProcess('SDK 3', {
    onVictims: (kind, victims) => counts.push([kind, { ...victims }]),
  });
  begin(process, { from: 0, idle: 0 }, received(caller, 0)).end(hrTime(1));
  process.detector.pause('block', 10, 30);
  process.detector.pause('starved', 40, 60);
  await vi.advanceTimersByTimeAsync(400);
  expect(counts).toEqual([
    ['block', { hit: 0, queued: 0 }],
    ['starved', { hit: 0, queued: 0 }],
  ]);
  const names = process.out.map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('pause '))).toEqual(['pause block']);
});

test('1,000 pauses a second for ten seconds: bounded, and every overlap counted', async () => {
  const process = pausedProcess();
  const { detector } = process;
  let most = 0;
  for (let ms = 0; ms < 10_000; ms += 2) {
    detector.pause('block', ms, ms + 1);
    detector.settledMs = ms + 1;
    if (ms % 10 === 0)
      handle(process, { from: ms + 1, to: ms + 30, idle: ms }, received(caller, ms));
    await vi.advanceTimersByTimeAsync(2);
    most = Math.max(most, process.out.at(-1)?.links.length ?? 0);
  }
  const spans = await spansOf(process);
  const servers = spans.filter(({ kind }) => kind === 'server');
  expect(servers).toHaveLength(1000);
  expect(most).toBeLessThanOrEqual(32);
  // From 1 to 30 ms after a pause began: one pause each 2 ms.
  expect(own(servers[500] as Span)['pause.overlap_ms']).toBeCloseTo(14, 6);
  expect(spans.filter(({ name }) => name === 'pause block').length).toBeLessThan(3000);
});

test('whatever the times, nothing is negative and no wait reaches into its handler', async () => {
  const time = fc.double({ min: -500, max: 500, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          from: time,
          length: time,
          idle: fc.option(time),
          stamp: fc.option(fc.double({ min: -9000, max: 9000, noNaN: true })),
        }),
        { maxLength: 12 },
      ),
      fc.array(fc.tuple(time, fc.double({ min: 0, max: 300, noNaN: true })), { maxLength: 6 }),
      async (requests, pauses) => {
        const process = pausedProcess();
        const byStart = pauses.toSorted(([a], [b]) => a - b);
        for (const [start, length] of byStart) process.detector.pause('gc', start, start + length);
        for (const { from, length, idle, stamp } of requests) {
          handle(process, { from, to: from + Math.abs(length), idle }, received(caller, stamp));
        }
        const spans = await spansOf(process);
        expect(spans.filter(({ kind }) => kind === 'server')).toHaveLength(requests.length);
        for (const span of spans) {
          expect(span.endUnixNano).toBeGreaterThanOrEqual(span.startUnixNano);
          const length = Number(span.endUnixNano - span.startUnixNano) / 1e6;
          for (const [key, value] of Object.entries(own(span))) {
            if (!key.endsWith('_ms') || key === 'clock.apart_ms') continue;
            expect(value).toBeGreaterThanOrEqual(0);
            if (key === 'pause.overlap_ms' && byStart.length === 1)
              expect(value).toBeLessThanOrEqual(length + 0.001);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
