import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { pino } from 'pino';
import type { Call, Mesh, Service, Step } from '../../mesh/mesh.ts';
import { localSettings, type Settings } from '../../services/kit/environment.ts';
import { HopPropagator } from '../../services/kit/propagator.ts';
import { RequestTracer } from '../../services/kit/requestTracer.ts';
import type { RunningService, StartOptions } from '../../services/kit/service.ts';
import type { Telemetry } from '../../services/kit/telemetry.ts';
import {
  InProcessExporter,
  newTraceParent,
  type SettleOptions,
  settle,
  type Trace,
} from '../../traces/index.ts';

export const silent = pino({ level: 'silent' });

/** An answer, and the trace of its request. */
export interface Traced {
  readonly response: Response;
  readonly trace: Trace;
}

/** One SDK for all services of a test file, with the spans kept in memory. */
export function startTestTelemetry() {
  const exporter = new InProcessExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const resource = resourceFromAttributes({ 'service.name': 'test' });
  const sdk = new NodeSDK({
    textMapPropagator: new CompositePropagator({
      propagators: [new HopPropagator(), new W3CBaggagePropagator()],
    }),
    spanProcessors: [processor],
    resource,
    autoDetectResources: false,
    logRecordProcessors: [],
    metricReaders: [],
  });
  sdk.start();
  const telemetry: Telemetry = {
    httpSpans: true,
    tracer: new RequestTracer({ resource, scope: { name: 'test' }, processor }),
    metrics: null,
    detector: null,
    account: () => ({ ended: 0, exported: 0, dropped: 0 }),
    stop: async () => {},
  };
  return {
    telemetry,
    /** The trace of a request that the test sent with this header, once it is whole. */
    trace: (traceparent: string, options: SettleOptions = {}) =>
      settle(exporter, traceparent, { quietMs: 0, pollMs: 5, ...options }),
    /** Sends a request in a trace of its own. A stand-in for a service records no spans: say so. */
    async send(
      url: string,
      {
        standIn = false,
        method = 'GET',
        headers = {},
      }: {
        standIn?: boolean;
        method?: string;
        headers?: Readonly<Record<string, string>>;
      } = {},
    ): Promise<Traced> {
      const traceparent = newTraceParent();
      const response = await fetch(url, { method, headers: { ...headers, traceparent } });
      const options = standIn ? { isInstrumented: () => false } : {};
      return { response, trace: await this.trace(traceparent, options) };
    },
    /** Names of the services that have had spans since the last reset. */
    services: () => exporter.services,
    reset: () => exporter.reset(),
    stop: () => sdk.shutdown(),
  };
}

export function callStep(to: string, changes: Partial<Call> = {}): Step {
  const backoff = { base: 1, factor: 1, jitter: 0 };
  return {
    call: { to, timeout: 2000, retries: 0, backoff, deadline: null, recheck: false, ...changes },
  };
}

export function service(program: Service['program'], changes: Partial<Service> = {}): Service {
  return { program, port: 0, concurrency: null, queue: null, script: [], ...changes };
}

export function meshOf(services: Record<string, Service>): Mesh {
  return {
    version: 1,
    name: 'test',
    description: '',
    seed: 1,
    entry: Object.keys(services)[0] ?? '',
    services,
    pauses: [],
    load: { rate: 1, arrivals: 'constant', timeout: 1000, maxInFlight: 10 },
    durations: { warmup: 0, baseline: 0, pauses: 0 },
  };
}

export const chainMesh = meshOf({
  gateway: service('gateway', { script: [callStep('auth')] }),
  auth: service('auth', { script: [callStep('user')] }),
  user: service('user'),
});

const programs = {
  gateway: () => import('../../services/gateway.ts'),
  auth: () => import('../../services/auth.ts'),
  user: () => import('../../services/user.ts'),
  relay: () => import('../../services/relay.ts'),
};

/** Starts the mesh's services, called before callers: `names` in that order. */
export async function startServices(
  mesh: Mesh,
  names: readonly string[],
  telemetry: Telemetry,
  changes: Partial<Settings> = {},
): Promise<Record<string, RunningService>> {
  const running: Record<string, RunningService> = {};
  const peers: Record<string, string> = { ...changes.peers };
  for (const name of names) {
    const settings = localSettings(mesh, name, { ...changes, peers: { ...peers } });
    const { start } = await programs[settings.service.program]();
    const options: StartOptions = { settings, telemetry, logger: silent };
    const started = await start(options);
    running[name] = started;
    peers[name] = started.url;
  }
  return running;
}

/** A server that does as the test says, standing in for a service. */
export async function stub(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
