import type { Call, Mesh, Step } from '../../mesh/mesh.ts';

/** All calls of a script, in the order in which they are written. */
export function callsOf(script: readonly Step[]): Call[] {
  return script.flatMap((step) => {
    if ('call' in step) return [step.call];
    return 'parallel' in step ? callsOf(step.parallel) : [];
  });
}

/** Services by name → tier: 1 for the entry, n + 1 for what tier n calls; the smallest if several. */
export function tiersOf(mesh: Mesh): Map<string, number> {
  const tiers = new Map([[mesh.entry, 1]]);
  // A Map iterates over what is added meanwhile: breadth first.
  for (const [service, tier] of tiers) {
    for (const { to } of callsOf(mesh.services[service]?.script ?? [])) {
      if (!tiers.has(to)) tiers.set(to, tier + 1);
    }
  }
  return tiers;
}

/** The service itself and everything that calls it, directly or not: where its pauses are felt. */
export function upstreamOf(mesh: Mesh, service: string): Set<string> {
  const upstream = new Set([service]);
  for (const called of upstream) {
    for (const [name, { script }] of Object.entries(mesh.services)) {
      if (callsOf(script).some(({ to }) => to === called)) upstream.add(name);
    }
  }
  return upstream;
}

/**
 * Most attempts that one client's request can become at `service`: the product of (1 + retries)
 * over the layers above it, on the path where that is largest. The client itself does not retry.
 */
export function attemptsAllowed(mesh: Mesh, service: string): number {
  if (service === mesh.entry) return 1;
  const ways = Object.entries(mesh.services).flatMap(([caller, { script }]) =>
    callsOf(script)
      .filter(({ to }) => to === service)
      .map(({ retries }) => (1 + retries) * attemptsAllowed(mesh, caller)),
  );
  return Math.max(1, ...ways);
}
