import { callsOf, serviceOf, visitsPerRequest } from './calls.ts';
import { demandedCpu, estimatedOverhead, type Overhead } from './demand.ts';
import { formatDuration } from './duration.ts';
import type { Call, Mesh, Milliseconds, Step } from './mesh.ts';

/** Something in a valid mesh that will probably not do what its author thinks. */
export interface MeshWarning {
  readonly kind:
    | 'timeout inversion'
    | 'never called'
    | 'too little cpu'
    | 'overloaded thread'
    | 'overloaded slots'
    | 'retry storm';
  /** Such as `services.auth.script[1].call.timeout`. */
  readonly path: string;
  readonly message: string;
}

/** @param cores that the machine has for the whole experiment. */
export function meshWarnings(
  mesh: Mesh,
  { cores, overhead = estimatedOverhead }: { readonly cores: number; readonly overhead?: Overhead },
): MeshWarning[] {
  return [
    ...timeoutInversions(mesh),
    ...neverCalled(mesh),
    ...demandWarnings(mesh, cores, overhead),
  ];
}

/** `warning: services.auth.script[1].call.timeout: …` */
export function formatWarning({ path, message }: MeshWarning): string {
  return `warning: ${path}: ${message}`;
}

/** A caller that gives up before its callee does lets the callee work for nobody. */
function timeoutInversions(mesh: Mesh): MeshWarning[] {
  const waits = [
    { from: 'the client', to: mesh.entry, timeout: mesh.load.timeout, path: 'load.timeout' },
    ...Object.entries(mesh.services).flatMap(([from, service]) =>
      callsOf(service).map(({ call, path }) => ({
        from,
        to: call.to,
        timeout: call.timeout,
        path: `services.${from}.${path}.timeout`,
      })),
    ),
  ];
  return waits.flatMap(({ from, to, timeout, path }): MeshWarning[] => {
    const allowed = allowedForCalls(serviceOf(mesh, to).script);
    if (timeout >= allowed) return [];
    const message =
      `${from} gives up after ${formatDuration(timeout)}, but ${to} allows itself ` +
      `${formatDuration(rounded(allowed))} for its own calls: the rest of its work is for nobody`;
    return [{ kind: 'timeout inversion', path, message }];
  });
}

/** The longest that a script's calls may take, all attempts and the waits between them included. */
function allowedForCalls(script: readonly Step[]): Milliseconds {
  function ofStep(step: Step): number {
    if ('call' in step) return allowedFor(step.call);
    return 'parallel' in step ? Math.max(...step.parallel.map(ofStep)) : 0;
  }
  return script.reduce((sum, step) => sum + ofStep(step), 0);
}

function allowedFor({ timeout, retries, backoff, deadline }: Call): Milliseconds {
  let allowed = timeout;
  for (let attempt = 1; attempt <= retries; attempt++) {
    allowed += backoff.base * backoff.factor ** (attempt - 1) * (1 + backoff.jitter) + timeout;
  }
  return Math.min(allowed, deadline ?? Number.POSITIVE_INFINITY);
}

function neverCalled(mesh: Mesh): MeshWarning[] {
  return Object.entries(visitsPerRequest(mesh))
    .filter(([, visits]) => visits === 0)
    .map(([name]) => ({
      kind: 'never called',
      path: `services.${name}`,
      message: `no request from ${mesh.entry}, the entry, ever comes here`,
    }));
}

function demandWarnings(mesh: Mesh, cores: number, overhead: Overhead): MeshWarning[] {
  const demand = demandedCpu(mesh, overhead);
  const warnings: MeshWarning[] = [];
  if (demand.totalCores > cores) {
    const parts = Object.entries(demand.services).map(
      ([name, service]) => `${name} ${service.cores.toFixed(2)}`,
    );
    warnings.push({
      kind: 'too little cpu',
      path: 'load.rate',
      message:
        `${mesh.load.rate} requests/s need about ${demand.totalCores.toFixed(2)} cores ` +
        `(${parts.join(', ')}, load and collector ${demand.toolCores.toFixed(2)}), the machine ` +
        `has ${cores}: about ${Math.floor((mesh.load.rate * cores) / demand.totalCores)} ` +
        'requests/s would fit',
    });
  }
  const visits = visitsPerRequest(mesh);
  const visitsAtWorst = visitsPerRequest(mesh, ({ retries }) => 1 + retries);
  for (const [name, service] of Object.entries(demand.services)) {
    const path = `services.${name}`;
    const { cores: busy, pausedShare, slotUtilization } = service;
    if (busy + pausedShare >= 1) {
      warnings.push({
        kind: 'overloaded thread',
        path,
        message:
          `its thread would be busy for ${percent(busy)} and paused for ${percent(pausedShare)} ` +
          'of the time, together they must stay below 100 %: its queue grows without end',
      });
    }
    if (slotUtilization !== null && slotUtilization >= 1) {
      warnings.push({
        kind: 'overloaded slots',
        path: `${path}.concurrency`,
        message:
          `its slots would be in use for ${percent(slotUtilization)} of the time, which must ` +
          'stay below 100 %: its queue grows without end',
      });
    }
    // A queue that retries can feed for ever once a pause has filled it (Bronson et al.,
    // "Metastable Failures in Distributed Systems", HotOS 2021).
    const utilization = Math.max(busy, slotUtilization ?? 0);
    const attempts = (visitsAtWorst[name] ?? 0) / (visits[name] || 1);
    if (utilization < 1 && attempts > 1 && utilization * attempts >= 1) {
      warnings.push({
        kind: 'retry storm',
        path,
        message:
          `in use for ${percent(utilization)} of the time, and retries make up to ${attempts} ` +
          `times its requests when all attempts fail: ${percent(utilization * attempts)}; an ` +
          'overload may outlast what caused it',
      });
    }
  }
  return warnings;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function rounded(ms: Milliseconds): Milliseconds {
  return Math.round(ms * 10) / 10;
}
