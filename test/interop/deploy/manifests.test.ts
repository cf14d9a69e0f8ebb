import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Manifest, nameOf, parseManifests } from '../../deploy/manifests.ts';
import { mayConnect, selects } from '../../deploy/network.ts';
import { policyFaults } from '../../deploy/policy.ts';
import { type BinaryName, binary } from '../tools/binaries.ts';
import { kubernetesFaults } from '../tools/kubernetesValidate.ts';
import { run } from '../tools/run.ts';
import { kustomize, setUpContainer } from './kustomize.ts';

/** Those that Kubernetes supports in November 2026. */
const kubernetesVersions = ['1.35.0', '1.36.0', '1.37.0'];

const kustomizations = ['base', 'overlays/cluster', 'lab/load', 'lab/experiment'] as const;
type Kustomization = (typeof kustomizations)[number];

let folder: string;
const texts = new Map<Kustomization, string>();
const objectsOf = (name: Kustomization): Manifest[] => parseManifests(texts.get(name) ?? '');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aftershock-deploy-'));
  for (const name of kustomizations) texts.set(name, await kustomize(name));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kustomizations)('deploy/%s', (name) => {
  test.each(kubernetesVersions)('is valid for Kubernetes %s, field by field', async (version) => {
    const file = join(folder, 'objects.yaml');
    writeFileSync(file, texts.get(name) ?? '');
    expect(await kubernetesFaults(file, version)).toEqual([]);
  });

  test('keeps the rules, with an image version each', () => {
    const objects = objectsOf(name);
    expect(objects.flatMap(policyFaults)).toEqual([]);
    for (const image of imagesOf(objects)) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  test('mounts only ConfigMaps that are there, under names that change with their content', () => {
    const objects = objectsOf(name);
    const there = objects.filter(({ kind }) => kind === 'ConfigMap').map(nameOf);
    const used = [...new Set(configMapsUsed(objects))].toSorted();
    expect(used.filter((map) => !there.includes(`ConfigMap/${map}`))).toEqual([]);
    for (const map of used) expect(map).toMatch(/-[a-z0-9]{10}$/);
  });

  test('has a pod behind each service, with the ports that it names', () => {
    const objects = objectsOf(name);
    const pods = objects.flatMap(({ spec }) => (spec?.template ? [spec.template] : []));
    for (const service of objects.filter(({ kind }) => kind === 'Service')) {
      const behind = pods.filter(({ metadata }) =>
        selects({ matchLabels: service.spec.selector }, metadata.labels),
      );
      expect(behind, nameOf(service)).toHaveLength(1);
      const ports = behind[0].spec.containers[0].ports.map((port: { name: string }) => port.name);
      for (const { targetPort } of service.spec.ports) expect(ports).toContain(targetPort);
    }
  });
});

test('a misspelt field is a mistake', async () => {
  const file = join(folder, 'misspelt.yaml');
  const text = texts.get('base') ?? '';
  writeFileSync(file, text.replace('terminationGracePeriodSeconds', 'terminationGraceSeconds'));
  expect((await kubernetesFaults(file, '1.36.0')).join('\n')).toMatch(/terminationGraceSeconds/);
});

describe('on more than one machine', () => {
  const pod = (object: string): Readonly<Record<string, string>> =>
    objectsOf('overlays/cluster').find((one) => nameOf(one) === object)?.spec.template.metadata
      .labels;

  test.each([
    { from: 'Deployment/user', to: 'DaemonSet/collector', port: 4318, may: true },
    { from: 'DaemonSet/collector', to: 'StatefulSet/collector-gateway', port: 4317, may: true },
    { from: 'DaemonSet/collector', to: 'StatefulSet/prometheus', port: 9090, may: true },
    { from: 'StatefulSet/collector-gateway', to: 'Deployment/jaeger', port: 4317, may: true },
    { from: 'StatefulSet/collector-gateway', to: 'StatefulSet/prometheus', port: 9090, may: true },
    { from: 'StatefulSet/prometheus', to: 'StatefulSet/collector-gateway', port: 8888, may: true },
    { from: 'StatefulSet/prometheus', to: 'DaemonSet/collector', port: 8888, may: true },
    { from: 'Deployment/user', to: 'StatefulSet/collector-gateway', port: 4317, may: false },
    { from: 'DaemonSet/collector', to: 'Deployment/jaeger', port: 4317, may: false },
  ])('$from may connect to $to at $port: $may', ({ from, to, port, may }) => {
    const policies = objectsOf('overlays/cluster').filter(({ kind }) => kind === 'NetworkPolicy');
    expect(mayConnect(policies, pod(from), pod(to), port)).toBe(may);
  });

  test('the agents name every replica of the gateway', () => {
    const objects = objectsOf('overlays/cluster');
    const replicas = objects.find((one) => nameOf(one) === 'StatefulSet/collector-gateway')?.spec
      .replicas;
    const config = objects.find(({ metadata }) => metadata.name.startsWith('collector-agent-'));
    const names = config?.data?.['config.yaml']?.match(/collector-gateway-\d+\.collector-gateway/g);
    expect(names).toEqual(
      Array.from({ length: replicas }, (_, i) => `collector-gateway-${i}.collector-gateway`),
    );
  });
});

/** Each real program reads its ConfigMaps, at the places and with the arguments of its pod. */
test.each([
  { kustomization: 'base', object: 'Deployment/collector', program: 'otelcol' },
  { kustomization: 'overlays/cluster', object: 'DaemonSet/collector', program: 'otelcol' },
  {
    kustomization: 'overlays/cluster',
    object: 'StatefulSet/collector-gateway',
    program: 'otelcol',
  },
  { kustomization: 'base', object: 'Deployment/jaeger', program: 'jaeger' },
  { kustomization: 'overlays/cluster', object: 'Deployment/jaeger', program: 'jaeger' },
  { kustomization: 'base', object: 'StatefulSet/prometheus', program: 'promtool' },
  { kustomization: 'overlays/cluster', object: 'StatefulSet/prometheus', program: 'promtool' },
] as const satisfies readonly {
  kustomization: Kustomization;
  object: string;
  program: BinaryName;
}[])('$program finds $object of deploy/$kustomization valid', async (row) => {
  const objects = objectsOf(row.kustomization);
  const place = mkdtempSync(join(folder, 'mounted-'));
  const container = setUpContainer(objects, row.object, place);
  const configs = container.args
    .filter((arg) => /^--config(\.file)?=/.test(arg))
    .map((arg) => arg.replace(/^--config(\.file)?=/, ''));
  expect(configs).not.toEqual([]);
  const args =
    row.program === 'promtool'
      ? ['check', 'config', ...configs.map((path) => join(place, path))]
      : ['validate', ...configs.map((path) => `--config=${join(place, path)}`)];
  const env = {
    ...container.env,
    // The queue's folder is a volume.
    COLLECTOR_QUEUE_DIRECTORY: folder,
    JAEGER_UI_CONFIG: join(place, '/etc/jaeger/ui.json'),
  };
  expect(await run(await binary(row.program), args, { env })).toMatchObject({ code: 0 });
});

function imagesOf(objects: readonly Manifest[]): string[] {
  return objects.flatMap(({ spec }) =>
    (spec?.template?.spec?.containers ?? []).map(({ image }: { image: string }) => image),
  );
}

function configMapsUsed(objects: readonly Manifest[]): string[] {
  return objects.flatMap(({ spec }) => {
    const { volumes = [], containers = [] } = spec?.template?.spec ?? {};
    return [
      ...volumes.map((volume: { configMap?: { name: string } }) => volume.configMap?.name),
      ...containers.flatMap(
        ({ envFrom = [] }: { envFrom?: { configMapRef: { name: string } }[] }) =>
          envFrom.map(({ configMapRef }) => configMapRef.name),
      ),
    ].filter((map) => map !== undefined);
  });
}
