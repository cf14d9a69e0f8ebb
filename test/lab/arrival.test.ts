import { expect, test } from 'vitest';
import { findArrival } from '../../lab/arrival.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { TraceSearch } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { span } from '../traces/span.ts';

const ms = 1_000_000;
const now = 1000 * ms;
const mesh: Pick<Mesh, 'services' | 'pauses' | 'load'> = {
  services: { gateway: {}, user: {} } as unknown as Mesh['services'],
  pauses: [{ service: 'user', kind: 'gc' }] as unknown as Mesh['pauses'],
  load: { timeout: 100 } as Mesh['load'],
};

function of(service: string, one: Span): Span {
  return { ...one, resource: { attributes: { 'service.name': service } } };
}

/** A request from `startMs` to `endMs`, through the services named. */
function request(traceId: string, startMs: number, endMs: number, through = ['gateway', 'user']) {
  const root = of('load', span('a', '', startMs * ms, endMs * ms));
  const rest = through.map((service, i) => of(service, span(`b${i}`, 'a', startMs * ms)));
  return [root, ...rest].map((one) => ({ ...one, traceId }));
}

const pause = [{ ...of('user', span('p', '', 500 * ms, 620 * ms)), name: 'pause gc' }];

/** Holds traces, and finds them by service, name and start as Jaeger does. */
function sourceOf(traces: readonly Span[][]) {
  return {
    async *searchTraces({ service, operation, startUnixNano, endUnixNano }: TraceSearch) {
      yield* traces.filter((trace) =>
        trace.some(
          (one) =>
            one.resource.attributes['service.name'] === service &&
            (operation === undefined || one.name === operation) &&
            one.startUnixNano >= startUnixNano &&
            one.startUnixNano <= endUnixNano,
        ),
      );
    },
  };
}

function find(traces: readonly Span[][], hitByPause = true): Promise<string> {
  return findArrival({
    source: sourceOf(traces),
    mesh,
    nowUnixNano: BigInt(now),
    lookBackMs: 900,
    hitByPause,
    signal: new AbortController().signal,
  });
}

test.each([
  { what: 'sent before the pause', traces: [pause, request('t1', 490, 625)] },
  { what: 'sent during the pause', traces: [request('t1', 550, 630), pause] },
  { what: 'among others', traces: [request('t0', 300, 310), pause, request('t1', 501, 640)] },
])('findArrival() finds a request $what', async ({ traces }) => {
  expect(await find(traces)).toBe('t1');
});

test.each([
  { what: 'nothing', traces: [], says: /no pause/ },
  { what: 'no pause', traces: [request('t1', 490, 625)], says: /no pause/ },
  {
    what: 'a pause that is too old',
    traces: [[{ ...pause[0], startUnixNano: 1n } as Span]],
    says: /no pause/,
  },
  { what: 'a pause alone', traces: [pause], says: /pause has hit/ },
  { what: 'a quick request', traces: [pause, request('t1', 490, 510)], says: /pause has hit/ },
  { what: 'one after the pause', traces: [pause, request('t1', 621, 800)], says: /pause has hit/ },
  {
    what: 'one not whole',
    traces: [pause, request('t1', 490, 625, ['gateway'])],
    says: /whole chain/,
  },
])('findArrival() finds none where there is $what, and says so', async ({ traces, says }) => {
  await expect(find(traces)).rejects.toThrow(says);
});

test('findArrival() takes any whole trace where no pause is asked for', async () => {
  expect(await find([request('t1', 990, 999)], false)).toBe('t1');
  await expect(find([request('t1', 990, 999, [])], false)).rejects.toThrow(/no trace/);
});
