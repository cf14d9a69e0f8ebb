import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { attributes, otlpRequest, otlpSpan, post } from './otlp.ts';

const traceId = '000000000000000a4bf92f3577b34da6';
const root = otlpSpan({
  traceId,
  spanId: '00f067aa0ba902b7',
  name: 'GET /users/:id',
  kind: 2,
  startTimeUnixNano: '1760000000000000999',
  endTimeUnixNano: '1760000000025001999',
  traceState: 'rojo=1',
  status: { message: 'too late', code: 2 },
  attributes: [...attributes({ route: '/users', status: 504, ok: false, ratio: 0.5 })],
  events: [
    {
      timeUnixNano: '1760000000001000000',
      name: 'timeout',
      attributes: attributes({ afterMs: 80 }),
    },
  ],
  links: [{ traceId: 'b'.repeat(32), spanId: 'c'.repeat(16) }],
});
const child = otlpSpan({
  traceId,
  spanId: '1111111111111111',
  parentSpanId: '00f067aa0ba902b7',
  name: 'SELECT',
  kind: 3,
});

let collector: Collector;

beforeAll(async () => {
  collector = await startCollector({ port: 0, queryPort: 0 });
  await post(`${collector.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest([root], 'gateway')));
  await post(`${collector.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest([child], 'user')));
});
afterAll(() => collector.stop());

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${collector.queryUrl}${path}`);
  expect(response.headers.get('content-type')).toBe('application/json');
  return { status: response.status, body: await response.json() };
}

function find(parameters: Record<string, string>): Promise<{ status: number; body: unknown }> {
  return get(`/api/v3/traces?${new URLSearchParams(parameters)}`);
}

const TIMES = {
  'query.start_time_min': '2025-10-09T08:53:20Z',
  'query.start_time_max': '2025-10-09T08:53:20.000001Z',
};

describe('the query API', () => {
  test('lists services and operations', async () => {
    expect(await get('/api/v3/services')).toEqual({
      status: 200,
      body: { services: ['gateway', 'user'] },
    });
    expect((await get('/api/v3/operations?service=user')).body).toEqual({
      operations: [{ name: 'SELECT', spanKind: 'client' }],
    });
    expect((await get('/api/v3/operations?service=user&span_kind=server')).body).toEqual({
      operations: [],
    });
    expect((await get('/api/v3/operations?service=nobody')).body).toEqual({ operations: [] });
  });

  test.each([traceId, traceId.toUpperCase(), 'a4bf92f3577b34da6', `${traceId}?raw_traces=true`])(
    'gives trace %s as OTLP JSON',
    async (id) => {
      const { status, body } = await get(`/api/v3/traces/${id}`);
      expect(status).toBe(200);
      expect(body).toEqual({
        result: {
          resourceSpans: [
            ...(otlpRequest([root], 'gateway').resourceSpans ?? []).map(whole),
            ...(otlpRequest([child], 'user').resourceSpans ?? []).map(whole),
          ],
        },
      });
    },
  );

  test('gives the same trace in the legacy form', async () => {
    const { status, body } = await get(`/api/traces/${traceId}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        {
          traceID: traceId,
          spans: [
            {
              traceID: traceId,
              spanID: '00f067aa0ba902b7',
              flags: 0,
              operationName: 'GET /users/:id',
              references: [
                { refType: 'FOLLOWS_FROM', traceID: 'b'.repeat(32), spanID: 'c'.repeat(16) },
              ],
              startTime: 1760000000000000,
              duration: 25001,
              tags: [
                { key: 'otel.scope.name', type: 'string', value: 'test' },
                { key: 'otel.scope.version', type: 'string', value: '1.0.0' },
                { key: 'route', type: 'string', value: '/users' },
                { key: 'status', type: 'int64', value: 504 },
                { key: 'ok', type: 'bool', value: false },
                { key: 'ratio', type: 'float64', value: 0.5 },
                { key: 'span.kind', type: 'string', value: 'server' },
                { key: 'otel.status_code', type: 'string', value: 'ERROR' },
                { key: 'error', type: 'bool', value: true },
                { key: 'otel.status_description', type: 'string', value: 'too late' },
                { key: 'w3c.tracestate', type: 'string', value: 'rojo=1' },
              ],
              logs: [
                {
                  timestamp: 1760000000001000,
                  fields: [
                    { key: 'event', type: 'string', value: 'timeout' },
                    { key: 'afterMs', type: 'int64', value: 80 },
                  ],
                },
              ],
              processID: 'p1',
              warnings: null,
            },
            expect.objectContaining({
              spanID: '1111111111111111',
              references: [{ refType: 'CHILD_OF', traceID: traceId, spanID: '00f067aa0ba902b7' }],
              processID: 'p2',
            }),
          ],
          processes: {
            p1: { serviceName: 'gateway', tags: [] },
            p2: { serviceName: 'user', tags: [] },
          },
          warnings: null,
        },
      ],
      total: 0,
      limit: 0,
      offset: 0,
      errors: null,
    });
  });

  test.each<[string, Record<string, string>]>([
    ['service and operation', { 'query.service_name': 'user', 'query.operation_name': 'SELECT' }],
    ['camel-case names', { 'query.serviceName': 'gateway', 'query.searchDepth': '5' }],
    ['duration', { 'query.duration_min': '25ms', 'query.duration_max': '0.025002s' }],
    ['attributes', { 'query.attributes': '{"status":"504","error":"true"}' }],
    ['num_traces', { 'query.num_traces': '1' }],
  ])('finds the whole trace by %s', async (_, parameters) => {
    const { status, body } = await find({ ...TIMES, ...parameters });
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: { resourceSpans: [{}, {}] } });
  });

  const notFound = { error: { httpCode: 404, message: 'No traces found' } };
  test.each([
    ['no trace of this id', `/api/v3/traces/${'f'.repeat(32)}`, 404, notFound],
    [
      'no match',
      `/api/v3/traces?${new URLSearchParams({ ...TIMES, 'query.service_name': 'nobody' })}`,
      404,
      notFound,
    ],
    ['an id that is no hex', '/api/v3/traces/xyz', 400, expectError(400, 'trace_id')],
    [
      'an id that is too long',
      `/api/v3/traces/${'a'.repeat(33)}`,
      400,
      expectError(400, 'trace_id'),
    ],
    ['an unknown path', '/api/v3/nothing', 404, expectError(404, '/api/v3/nothing')],
    [
      'no trace of this id, in the legacy form',
      `/api/traces/${'f'.repeat(32)}`,
      404,
      {
        data: null,
        total: 0,
        limit: 0,
        offset: 0,
        errors: [{ code: 404, msg: 'trace not found' }],
      },
    ],
  ])('says that there is %s', async (_, path, status, body) => {
    expect(await get(path)).toEqual({ status, body });
  });

  test.each<[string, Record<string, string>]>([
    ['startTimeMin', { 'query.start_time_min': '' }],
    ['start_time_min', { 'query.start_time_min': 'yesterday' }],
    ['before', { 'query.start_time_min': '2099-01-01T00:00:00Z' }],
    ['duration_min', { 'query.duration_min': '5 parsecs' }],
    ['num_traces', { 'query.num_traces': '-1' }],
    ['search_depth', { 'query.search_depth': 'many' }],
    ['query.attributes', { 'query.attributes': '{"a":1}' }],
    ['query.attributes', { 'query.attributes': 'a=1' }],
    ['query.filter', { 'query.filter': '{}' }],
  ])('answers 400, naming %s, for %o', async (name, parameters) => {
    const { status, body } = await find({ ...TIMES, ...parameters });
    expect({ status, body }).toEqual({ status: 400, body: expectError(400, name) });
  });

  test('takes only GET', async () => {
    const response = await fetch(`${collector.queryUrl}/stats`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('tells its counts', async () => {
    expect((await get('/stats')).body).toMatchObject({
      acceptedByService: { gateway: 1, user: 1 },
      rejected: 0,
      evicted: 0,
      heldSpans: 2,
      heldTraces: 1,
    });
  });
});

function expectError(httpCode: number, message: string): unknown {
  return { error: { httpCode, message: expect.stringContaining(message) } };
}

/** Integers come back as text. */
function whole(resourceSpans: object): unknown {
  return JSON.parse(
    JSON.stringify(resourceSpans, (key, value) => (key === 'intValue' ? String(value) : value)),
  );
}
