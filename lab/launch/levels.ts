import type { Mesh, Step } from '../../mesh/mesh.ts';

/** Names of the services that a script calls, each once, in order of appearance. */
export function callees(script: readonly Step[]): string[] {
  const names = new Set<string>();
  for (const step of script) {
    if ('call' in step) names.add(step.call.to);
    if ('parallel' in step) for (const name of callees(step.parallel)) names.add(name);
  }
  return [...names];
}

/**
 * Services by the order in which they can start: those of a level call only those of earlier
 * levels, so that each can be told its peers' real addresses. The entry is in the last level.
 * @throws {Error} if calls form a cycle or name an unknown service (a validated mesh has neither).
 */
export function startLevels(mesh: Pick<Mesh, 'services'>): string[][] {
  const levels: string[][] = [];
  const placed = new Set<string>();
  let waiting = Object.keys(mesh.services);
  while (waiting.length > 0) {
    const level = waiting.filter((name) =>
      callees(mesh.services[name]?.script ?? []).every((callee) => placed.has(callee)),
    );
    if (level.length === 0) {
      throw new Error(
        `Cannot order the services ${waiting.join(', ')}: their calls form a cycle or name an unknown service`,
      );
    }
    for (const name of level) placed.add(name);
    levels.push(level);
    waiting = waiting.filter((name) => !placed.has(name));
  }
  return levels;
}

/** Cuts a level into groups of `size`: more processes at once than cores start no sooner. */
export function groups<Item>(items: readonly Item[], size: number): Item[][] {
  const result: Item[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}
