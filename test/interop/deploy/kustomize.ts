import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Manifest, nameOf } from '../../deploy/manifests.ts';
import { binary } from '../tools/binaries.ts';
import { run } from '../tools/run.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The objects that `kubectl apply -k deploy/<name>` would send, as YAML. No option is needed.
 * @throws {Error} with what kustomize says.
 */
export async function kustomize(name: string): Promise<string> {
  const { code, output } = await run(await binary('kustomize'), [
    'build',
    join(root, 'deploy', name),
  ]);
  if (code !== 0) throw new Error(`kustomize build deploy/${name}: ${output}`);
  return output;
}

/** What a container is given from outside. */
export interface ContainerSetup {
  readonly image: string;
  readonly args: readonly string[];
  /** Variables with a value of their own or of a ConfigMap, not those of the pod itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Paths of its ConfigMaps, each with the file or folder below `place` that stands for it. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Paths of its other volumes. */
  readonly scratch: readonly string[];
}

/** Writes what the pod of a workload finds in its ConfigMaps below the folder `place`. */
export function setUpContainer(
  objects: readonly Manifest[],
  workload: string,
  place: string,
): ContainerSetup {
  const pod = objects.find((one) => nameOf(one) === workload)?.spec.template.spec;
  const dataOf = (map: string) =>
    objects.find((one) => nameOf(one) === `ConfigMap/${map}`)?.data ?? {};
  const [container] = pod.containers;
  const mounts: Record<string, string> = {};
  const scratch: string[] = [];
  for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
    const volume = pod.volumes?.find((one: { name: string }) => one.name === name);
    if (volume?.configMap === undefined) {
      scratch.push(mountPath);
      continue;
    }
    const folder = subPath === undefined ? mountPath : mountPath.replace(/\/[^/]+$/, '');
    mkdirSync(join(place, folder), { recursive: true });
    for (const [file, text] of Object.entries(dataOf(volume.configMap.name))) {
      writeFileSync(join(place, folder, file), text);
    }
    mounts[mountPath] = join(place, mountPath);
  }
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    Object.assign(env, dataOf(configMapRef.name));
  }
  for (const { name, value } of container.env ?? []) if (value !== undefined) env[name] = value;
  return { image: container.image, args: container.args, env, mounts, scratch };
}
