import type { Call, Mesh, Service, Step } from './mesh.ts';

/** A call and where it stands in its script: `script[1].parallel[0].call`. */
export interface PlacedCall {
  readonly call: Call;
  readonly path: string;
}

/** All calls of a script, in the order of the file. */
export function callsOf({ script }: Pick<Service, 'script'>): PlacedCall[] {
  return placedCalls(script, 'script');
}

function placedCalls(steps: readonly Step[], base: string): PlacedCall[] {
  return steps.flatMap((step, i): PlacedCall[] => {
    const path = `${base}[${i}]`;
    if ('call' in step) return [{ call: step.call, path: `${path}.call` }];
    return 'parallel' in step ? placedCalls(step.parallel, `${path}.parallel`) : [];
  });
}

/**
 * How often each service is called for one request of the client; 0 for one that never is.
 * @param attempts how many of a call's attempts count: 1 when nothing fails, `1 + retries` when
 *   everything does. Attempts multiply from layer to layer.
 */
export function visitsPerRequest(
  mesh: Mesh,
  attempts: (call: Call) => number = () => 1,
): Record<string, number> {
  const visits = Object.fromEntries(Object.keys(mesh.services).map((name) => [name, 0]));
  for (const name of callersFirst(mesh)) {
    const own = (visits[name] ?? 0) + (name === mesh.entry ? 1 : 0);
    visits[name] = own;
    for (const { call } of callsOf(serviceOf(mesh, name))) {
      visits[call.to] = (visits[call.to] ?? 0) + own * attempts(call);
    }
  }
  return visits;
}

/** The services, each after all that call it. A mesh has no cycles. */
function callersFirst(mesh: Mesh): string[] {
  const calleesFirst = new Set<string>();
  function visit(name: string) {
    if (calleesFirst.has(name)) return;
    for (const { call } of callsOf(serviceOf(mesh, name))) visit(call.to);
    calleesFirst.add(name);
  }
  for (const name of Object.keys(mesh.services)) visit(name);
  return [...calleesFirst].reverse();
}

/** @throws {RangeError} if the mesh has no such service. */
export function serviceOf(mesh: Mesh, name: string): Service {
  const service = mesh.services[name];
  if (service === undefined) {
    throw new RangeError(
      `mesh ${mesh.name} has no service ${JSON.stringify(name)}; it has ${Object.keys(mesh.services).join(', ')}`,
    );
  }
  return service;
}
