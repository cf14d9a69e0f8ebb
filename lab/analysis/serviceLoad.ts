import type { Run } from '../run.ts';
import { upstreamOf } from './chain.ts';
import { mean, median } from './percentiles.ts';
import type { Traces, Visit } from './records.ts';

/** What a service carries without pauses, measured in the baseline. null: could not be measured. */
export interface ServiceLoad {
  /** λ: requests of the load that reach the service, per second. */
  readonly requestsPerSecond: number | null;
  /** b: mean time from the caller's sending to the handler's end. */
  readonly timeInProcessMs: number | null;
  /** S: user and system time of the process per request. */
  readonly cpuMsPerRequest: number | null;
  /** λS */
  readonly cpuUtilization: number | null;
  /** λ · (handler's time in its slot) / slots; null where concurrency is not limited. */
  readonly slotUtilization: number | null;
  /** ρ: the larger of the two. */
  readonly utilization: number | null;
  /**
   * ρ, plus the CPU utilisation of every service above: times D it is the work λDS that has piled
   * up after a pause for the way back to the client, S being the work of a request on that way.
   */
  readonly wayUtilization: number | null;
  /** Median time from the caller's sending until the handler's turn. */
  readonly usualBeginMs: number | null;
}

/** By service of the mesh. */
export function serviceLoads(run: Run, traces: Traces): Record<string, ServiceLoad> {
  const baseline = traces.requests.filter(({ phase }) => phase === 'baseline');
  const requestsPerSecond = rateOf(baseline.map(({ intendedMs }) => intendedMs));
  const usage = run.phases.find(({ name }) => name === 'baseline')?.services ?? {};
  const loads = Object.entries(run.mesh.services).map(
    ([service, { concurrency }]): [string, Omit<ServiceLoad, 'wayUtilization'>] => {
      const visits = baseline.map(({ calls }) => visitsAt(calls, service)).filter((v) => v.length);
      const rate =
        requestsPerSecond === null ? null : (requestsPerSecond * visits.length) / baseline.length;
      const used = usage[service];
      const cpuMsPerRequest = used && used.requests > 0 ? used.cpuMs / used.requests : null;
      const slotMs = mean(visits.map((all) => sum(all.map(slotTimeMs))));
      const cpuUtilization = product(rate, cpuMsPerRequest, 1 / 1000);
      const slotUtilization =
        concurrency === null ? null : product(rate, slotMs, 1 / 1000 / concurrency);
      const known = [cpuUtilization, slotUtilization].filter((value) => value !== null);
      const load = {
        requestsPerSecond: rate,
        timeInProcessMs: mean(visits.map((all) => sum(all.map((v) => v.leftMs - v.arrivedMs)))),
        cpuMsPerRequest,
        cpuUtilization,
        slotUtilization,
        utilization: known.length > 0 ? Math.max(...known) : null,
        usualBeginMs: median(
          visits.flat().flatMap((v) => (v.begunMs === null ? [] : [v.begunMs - v.arrivedMs])),
        ),
      };
      return [service, load];
    },
  );
  const cpu = new Map(loads.map(([service, { cpuUtilization }]) => [service, cpuUtilization]));
  return Object.fromEntries(
    loads.map(([service, load]) => {
      const above = [...upstreamOf(run.mesh, service)].filter((name) => name !== service);
      const way = [load.utilization, ...above.map((name) => cpu.get(name) ?? null)];
      const known = way.filter((value) => value !== null);
      return [
        service,
        { ...load, wayUtilization: known.length === way.length ? sum(known) : null },
      ];
    }),
  );
}

/** Events per second between the first and the last; null for fewer than two. */
function rateOf(ascendingMs: readonly number[]): number | null {
  const first = ascendingMs[0];
  const last = ascendingMs.at(-1);
  if (first === undefined || last === undefined || last <= first) return null;
  return ((ascendingMs.length - 1) * 1000) / (last - first);
}

function visitsAt(calls: Traces['requests'][number]['calls'], service: string): Visit[] {
  return calls
    .filter((call) => call.service === service)
    .flatMap(({ attempts }) => attempts.map(({ visit }) => visit));
}

function slotTimeMs({ handlerMs, queueWaitMs }: Visit): number {
  return (handlerMs ?? 0) - (queueWaitMs ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function product(a: number | null, b: number | null, c: number): number | null {
  return a === null || b === null ? null : a * b * c;
}
