import { callsOf, serviceOf, visitsPerRequest } from './calls.ts';
import type { Mesh, Milliseconds, Pause, Step } from './mesh.ts';
import { mean } from './random.ts';

/** CPU time that a request costs beyond the work in the scripts, in milliseconds. */
export interface Overhead {
  /** To serve one request: HTTP, Express, the server span and its export. */
  readonly serveMs: Milliseconds;
  /** To make one call: axios, HTTP, the client span and its export. */
  readonly callMs: Milliseconds;
  /** To store the spans of one served request, in the collector. */
  readonly collectMs: Milliseconds;
  /** To send one request, in the load generator. */
  readonly loadMs: Milliseconds;
}

/**
 * Measured on a two-core machine with all cores busy: one hop of a traced chain, a request served
 * and a call made, takes 0.35 to 0.5 ms of CPU. At low rates it takes two to four times as much
 * (each request wakes its process anew), but then there are cores to spare. An estimate for
 * warnings, not for results.
 */
export const estimatedOverhead: Overhead = {
  serveMs: 0.2,
  callMs: 0.25,
  collectMs: 0.05,
  loadMs: 0.3,
};

/** What one service is asked for, when nothing fails. */
export interface ServiceDemand {
  /** Requests for one request of the client. */
  readonly visits: number;
  /** λS: cores for its requests. Its thread is one, so this is that thread's utilization as well. */
  readonly cores: number;
  /** Share of the time that its thread is stopped by pauses, 0 or more. */
  readonly pausedShare: number;
  /** λ · time in a slot / slots, without queues and pauses; null where concurrency has no limit. */
  readonly slotUtilization: number | null;
}

export interface CpuDemand {
  readonly services: Readonly<Record<string, ServiceDemand>>;
  /** Of the load generator and the collector. */
  readonly toolCores: number;
  readonly totalCores: number;
}

/**
 * Cores that the mesh needs at its load: for each service visits · rate · (mean CPU work +
 * overhead), by the utilization law U = λS (Denning and Buzen 1978). Retries are not counted.
 */
export function demandedCpu(mesh: Mesh, overhead: Overhead = estimatedOverhead): CpuDemand {
  const requestsPerMs = mesh.load.rate / 1000;
  const visits = visitsPerRequest(mesh);
  const services: Record<string, ServiceDemand> = {};
  let toolCores = requestsPerMs * overhead.loadMs;
  let totalCores = 0;
  for (const [name, service] of Object.entries(mesh.services)) {
    const arrivalsPerMs = requestsPerMs * (visits[name] ?? 0);
    const cores = arrivalsPerMs * cpuMs(mesh, name, overhead);
    services[name] = {
      visits: visits[name] ?? 0,
      cores,
      pausedShare: mesh.pauses
        .filter((pause) => pause.service === name)
        .reduce((sum, pause) => sum + pausedShare(pause), 0),
      slotUtilization:
        service.concurrency === null
          ? null
          : (arrivalsPerMs * meanTimeMs(mesh, name, overhead)) / service.concurrency,
    };
    totalCores += cores;
    toolCores += arrivalsPerMs * overhead.collectMs;
  }
  return { services, toolCores, totalCores: totalCores + toolCores };
}

/** Mean CPU of one request to service `name`, its callees not included. */
function cpuMs(mesh: Mesh, name: string, overhead: Overhead): Milliseconds {
  function ofStep(step: Step): number {
    if ('cpu' in step) return mean(step.cpu);
    return 'parallel' in step ? sum(step.parallel.map(ofStep)) : 0;
  }
  const service = serviceOf(mesh, name);
  return (
    overhead.serveMs + callsOf(service).length * overhead.callMs + sum(service.script.map(ofStep))
  );
}

/** Mean time from arrival to answer on an empty machine; of parallel steps the longest mean. */
export function meanTimeMs(
  mesh: Mesh,
  name: string,
  overhead: Overhead = estimatedOverhead,
): Milliseconds {
  // Each service once: the ways to the last of twenty that call each other twice are a million.
  const known = new Map<string, Milliseconds>();
  function ofStep(step: Step): number {
    if ('cpu' in step) return mean(step.cpu);
    if ('wait' in step) return mean(step.wait);
    if ('call' in step) return overhead.callMs + ofService(step.call.to);
    return Math.max(...step.parallel.map(ofStep));
  }
  function ofService(service: string): Milliseconds {
    const time =
      known.get(service) ?? overhead.serveMs + sum(serviceOf(mesh, service).script.map(ofStep));
    known.set(service, time);
    return time;
  }
  return ofService(name);
}

/** Mean duration over mean interval; 0 for a single pause, and for a delay, which stops no thread. */
function pausedShare({ kind, duration, every }: Pause): number {
  if (every === null || kind === 'delay') return 0;
  return mean(duration) / (every.type === 'fixed' ? every.value : every.mean);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
