import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningService } from '../../services/kit/service.ts';
import { decodeOtlpJson } from '../../traces/index.ts';
import type { Span } from '../../traces/span.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { semconvBreaches } from '../../traces/vitest/semconv.ts';
import { chainMesh, startServices, startTestTelemetry } from '../services/support.ts';

expect.extend(traceMatchers);

describe('what stock instrumentations of http and Express write', () => {
  let spans: readonly Span[] = [];

  beforeAll(async () => {
    const child = fork(fileURLToPath(new URL('./stockSpans.ts', import.meta.url)));
    const [request] = await once(child, 'message');
    ({ spans } = decodeOtlpJson(request));
  });

  test('conforms', () => {
    expect(spans.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['client', 'server']));
    expect(semconvBreaches(spans, undefined, [])).toEqual([]);
  });
});

describe('what the mesh writes', () => {
  const telemetry = startTestTelemetry();
  let services: Record<string, RunningService> = {};

  beforeAll(async () => {
    services = await startServices(chainMesh, ['user', 'auth', 'gateway'], telemetry.telemetry);
  });
  afterAll(async () => {
    await Promise.all(Object.values(services).map((running) => running.stop()));
    await telemetry.stop();
  });

  test.each([
    { path: '/users/42', status: 200 },
    { path: '/users/1000000', status: 404 },
    { path: '/nowhere', status: 404 },
  ])('conforms, for $path', async ({ path, status }) => {
    const { response, trace } = await telemetry.send(`${services.gateway?.url}${path}`);
    expect(response.status).toBe(status);
    expect(trace).toConformToSemconv();
  });

  test('conforms where a service is gone', async () => {
    await services.user?.stop();
    const { response, trace } = await telemetry.send(`${services.gateway?.url}/users/42`);
    expect(response.status).toBe(502);
    expect(trace).toConformToSemconv();
  });
});
