import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Manifest, nameOf, parseManifests } from '../../deploy/manifests.ts';
import { run } from '../tools/run.ts';
import { until } from '../tools/until.ts';
import { kustomize, setUpContainer } from './kustomize.ts';

/** A pod, and the name by which the others know it. */
interface PodName {
  readonly workload: string;
  readonly dnsName: string;
}

const mesh: readonly PodName[] = ['user', 'auth', 'gateway'].map((name) => ({
  workload: `Deployment/${name}`,
  dnsName: name,
}));
const stores: readonly PodName[] = [
  { workload: 'StatefulSet/prometheus', dnsName: 'prometheus' },
  { workload: 'Deployment/jaeger', dnsName: 'jaeger' },
];
const gateways: readonly PodName[] = [0, 1, 2].map((ordinal) => ({
  workload: 'StatefulSet/collector-gateway',
  dnsName: `collector-gateway-${ordinal}.collector-gateway`,
}));

const load: PodName = { workload: 'Deployment/load', dnsName: 'load' };

/** What the downward API would tell. */
const own: Readonly<Record<string, string>> = {
  K8S_NAMESPACE: 'aftershock',
  K8S_NODE: 'node-1',
  K8S_POD: 'pod-1',
  K8S_POD_UID: 'uid-1',
};
/** The one request of this test is neither slow nor failed, and has to be kept all the same. */
const keepAll = { COLLECTOR_SAMPLING_PERCENT: '100', COLLECTOR_SAMPLING_WAIT: '1s' };

const network = `aftershock-deploy-${process.pid}`;
let started: string[];
let folder: string;

beforeEach(() => {
  started = [];
  folder = mkdtempSync(join(tmpdir(), 'aftershock-pods-'));
});

afterEach(async () => {
  if (started.length > 0) await docker('rm', '--force', '--volumes', ...started);
  await docker('network', 'rm', network).catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Containers as Docker runs them, with the images, arguments, variables, files, users, memory
 * limits and read-only roots of their pods, and without capabilities. Not Kubernetes: neither its
 * network policies nor its scheduling.
 */
test.for([
  {
    kustomization: 'base',
    pods: [...stores, { workload: 'Deployment/collector', dnsName: 'collector' }, ...mesh, load],
  },
  {
    kustomization: 'overlays/cluster',
    pods: [
      ...stores,
      ...gateways,
      { workload: 'DaemonSet/collector', dnsName: 'collector' },
      ...mesh,
    ],
  },
])(
  'the pods of deploy/$kustomization become ready, and a request leaves a trace with their names',
  async ({ kustomization, pods }, { skip }) => {
    const built = [await kustomize(kustomization), await kustomize('lab/load')];
    const objects = built.flatMap(parseManifests);
    const reason = await whyNot(objects, pods);
    if (reason !== null) skip(reason);
    await docker('network', 'create', network);
    for (const pod of pods) await start(objects, pod);
    for (const pod of pods) await ready(objects, pod);

    const answer = await fetch(`http://${await addressOf('gateway')}:8080/users/42`);
    expect(answer.status).toBe(200);
    const query = new URLSearchParams({
      'query.service_name': 'user',
      'query.num_traces': '20',
      'query.start_time_min': new Date(Date.now() - 600_000).toISOString(),
      'query.start_time_max': new Date(Date.now() + 600_000).toISOString(),
    });
    const url = `http://${await addressOf('jaeger')}:16686/api/v3/traces?${query}`;
    const traces = await until('the trace in Jaeger', 30_000, async () => {
      const response = await fetch(url);
      const text = await response.text();
      return response.ok && text.includes('GET /users/:id') ? text : undefined;
    });
    expect(traces).toContain('"stringValue":"aftershock.pod-1.user"');
    for (const attribute of ['k8s.pod.name', 'k8s.node.name', 'k8s.deployment.name']) {
      expect(traces).toContain(attribute);
    }
  },
);

const docker = (...args: string[]) => run('docker', args);
const containerOf = (dnsName: string) => `${network}-${dnsName.replace(/\..*/, '')}`;
/** Ours are built here, whatever their tag. */
const localImage = (image: string) => image.replace(/^(aftershock\/.*):.*$/, '$1');

async function whyNot(objects: readonly Manifest[], pods: readonly PodName[]) {
  const { code } = await docker('version').catch(() => ({ code: 1 }));
  if (code !== 0) return 'there is no Docker daemon';
  for (const { workload } of pods) {
    const image = localImage(specOf(objects, workload).containers[0].image);
    if ((await docker('image', 'inspect', image)).code !== 0) return `there is no image ${image}`;
  }
  return null;
}

function specOf(objects: readonly Manifest[], workload: string) {
  return objects.find((one) => nameOf(one) === workload)?.spec.template.spec;
}

async function start(objects: readonly Manifest[], { workload, dnsName }: PodName): Promise<void> {
  const spec = specOf(objects, workload);
  const [container] = spec.containers;
  const setup = setUpContainer(objects, workload, mkdtempSync(join(folder, 'pod-')));
  const { runAsUser, runAsGroup } = spec.securityContext;
  const variables = { ...own, ...setup.env, ...keepAll };
  started.push(containerOf(dnsName));
  const { code, output } = await docker(
    ...['run', '--detach', '--name', containerOf(dnsName)],
    ...['--network', network, '--network-alias', dnsName],
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--user', `${runAsUser}:${runAsGroup}`],
    ...['--memory', container.resources.limits.memory.replace('i', '').toLowerCase()],
    // What shareProcessNamespace does for a pod: process 1 is another's.
    ...(spec.shareProcessNamespace ? ['--init'] : []),
    ...Object.entries(variables).flatMap(([name, value]) => [
      '--env',
      `${name}=${value.replace(/\$\((\w+)\)/g, (_, variable: string) => own[variable] ?? '')}`,
    ]),
    ...Object.entries(setup.mounts).flatMap(([to, from]) => ['--volume', `${from}:${to}:ro`]),
    ...setup.scratch.flatMap((path) => [
      '--tmpfs',
      `${path}:size=256m,uid=${runAsUser},gid=${runAsGroup},mode=0770`,
    ]),
    ...[localImage(setup.image), ...setup.args],
  );
  if (code !== 0) throw new Error(`${dnsName}: ${output}`);
}

/** Resolves when the pod's own readiness probe says so. */
async function ready(objects: readonly Manifest[], { workload, dnsName }: PodName): Promise<void> {
  const [{ readinessProbe, ports }] = specOf(objects, workload).containers;
  const name = containerOf(dnsName);
  const probe = async (): Promise<boolean> => {
    if (readinessProbe.exec !== undefined) {
      return (await docker('exec', name, ...readinessProbe.exec.command)).code === 0;
    }
    const { path, port } = readinessProbe.httpGet;
    const { containerPort } = ports.find((one: { name: string }) => one.name === port);
    const url = `http://${await addressOf(dnsName)}:${containerPort}${path}`;
    return (await fetch(url).catch(() => null))?.ok ?? false;
  };
  await until(`${dnsName} to be ready`, 60_000, async () => {
    if (await probe()) return true;
    const state = await docker('inspect', '--format', '{{.State.Status}}', name);
    if (state.output.trim() === 'running') return undefined;
    throw new Error(`${dnsName} ended: ${(await docker('logs', '--tail', '20', name)).output}`);
  });
}

async function addressOf(dnsName: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  return (await docker('inspect', '--format', format, containerOf(dnsName))).output.trim();
}
