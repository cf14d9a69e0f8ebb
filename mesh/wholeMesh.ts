import type { Complaint } from './meshText.ts';
import { show, suggestion } from './mistakes.ts';

/**
 * What is wrong between parts of a mesh. Takes the data as it was written, so that these mistakes
 * are found together with those of the parts; whatever is not of the right type is passed over
 * here, because the schema has said so.
 */
export function wholeMeshComplaints(value: unknown): Complaint[] {
  const { entry, services, pauses } = asMap(value);
  const serviceMap = asMap(services);
  const names = Object.keys(serviceMap);
  if (services !== undefined && names.length === 0) {
    return [{ path: ['services'], message: 'has no service; a mesh needs at least one' }];
  }
  const calls = names.flatMap((name) => callsIn(name, asMap(serviceMap[name])));
  return [
    ...reservedName(names),
    ...unknownService(['entry'], entry, names),
    ...calls.flatMap(({ path, to }) => unknownService(path, to, names)),
    ...asList(pauses).flatMap((pause, i) => [
      ...unknownService(['pauses', i, 'service'], asMap(pause).service, names),
      ...everyOrOnce(i, asMap(pause)),
    ]),
    ...cycles(calls),
    ...sharedPorts(serviceMap),
    ...names.flatMap((name) => queueWithoutConcurrency(name, asMap(serviceMap[name]))),
  ];
}

/** The schema passes over this key, as `zod` does in every record. */
function reservedName(names: readonly string[]): Complaint[] {
  if (!names.includes('__proto__')) return [];
  const message = 'is no name for a service: JavaScript keeps it for itself';
  return [{ path: ['services', '__proto__'], message, isKey: true }];
}

interface WrittenCall {
  readonly from: string;
  readonly to: string;
  readonly path: readonly PropertyKey[];
}

function callsIn(from: string, service: Record<string, unknown>): WrittenCall[] {
  function inStep(step: unknown, path: readonly PropertyKey[]): WrittenCall[] {
    const { call, parallel } = asMap(step);
    const { to } = asMap(call);
    return [
      ...(typeof to === 'string' ? [{ from, to, path: [...path, 'call', 'to'] }] : []),
      ...asList(parallel).flatMap((inner, i) =>
        // The schema allows one level, so there is no need to look deeper.
        typeof asMap(asMap(inner).call).to === 'string'
          ? inStep({ call: asMap(inner).call }, [...path, 'parallel', i])
          : [],
      ),
    ];
  }
  return asList(service.script).flatMap((step, i) => inStep(step, ['services', from, 'script', i]));
}

function unknownService(
  path: readonly PropertyKey[],
  name: unknown,
  names: readonly string[],
): Complaint[] {
  if (typeof name !== 'string' || names.includes(name)) return [];
  return [{ path, message: `there is no service ${show(name)}${suggestion(name, names)}` }];
}

function everyOrOnce(i: number, pause: Record<string, unknown>): Complaint[] {
  const { every = null, once = null } = pause;
  if ((every === null) !== (once === null)) return [];
  const message =
    every === null
      ? 'needs every or once: when does it pause? (every: 3s, or once: 10s)'
      : 'has both every and once; keep one';
  return [{ path: ['pauses', i], message }];
}

/** One complaint for each call that closes a circle, in the order of the file. */
function cycles(calls: readonly WrittenCall[]): Complaint[] {
  const complaints: Complaint[] = [];
  const finished = new Set<string>();
  function walk(service: string, trail: readonly string[]) {
    const here = [...trail, service];
    for (const { path, to } of calls.filter((call) => call.from === service)) {
      const start = here.indexOf(to);
      if (start >= 0) {
        const circle = [...here.slice(start), to].join(' → ');
        complaints.push({ path, message: `calls go in a circle: ${circle}; take one of them out` });
      } else if (!finished.has(to)) {
        walk(to, here);
      }
    }
    finished.add(service);
  }
  for (const { from } of calls) if (!finished.has(from)) walk(from, []);
  return complaints;
}

function sharedPorts(services: Record<string, unknown>): Complaint[] {
  const owners = new Map<number, string>();
  const complaints: Complaint[] = [];
  for (const [name, service] of Object.entries(services)) {
    const { port } = asMap(service);
    if (typeof port !== 'number' || port === 0) continue;
    const owner = owners.get(port);
    if (owner === undefined) owners.set(port, name);
    else {
      complaints.push({
        path: ['services', name, 'port'],
        message: `port ${port} is taken by ${owner}; choose another, or 0 for any free one`,
      });
    }
  }
  return complaints;
}

function queueWithoutConcurrency(name: string, service: Record<string, unknown>): Complaint[] {
  const { concurrency = null, queue = null } = service;
  if (queue === null || concurrency !== null) return [];
  return [
    {
      path: ['services', name, 'queue'],
      message: 'needs concurrency: without a limit on requests worked on, none ever waits',
    },
  ];
}

function asMap(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
