import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Manifest, nameOf, parseManifests } from '../../deploy/manifests.ts';
import { run } from '../tools/run.ts';
import { until } from '../tools/until.ts';
import { kustomize, setUpContainer } from './kustomize.ts';

/**
 * The containers of deploy/base as Docker runs them: with the images, arguments, variables, files,
 * users, memory limits and read-only roots of their pods, and without capabilities. Not Kubernetes:
 * neither its network policies nor its scheduling, nor what fills in a pod's own name.
 */
const workloads = [
  'StatefulSet/prometheus',
  'Deployment/jaeger',
  'Deployment/collector',
  'Deployment/user',
  'Deployment/auth',
  'Deployment/gateway',
];

const network = `aftershock-deploy-${process.pid}`;
const containers: string[] = [];
let objects: Manifest[];
let folder: string;

const docker = (...args: string[]) => run('docker', args);
const localImage = (image: string) => image.replace(/^(aftershock\/.*):.*$/, '$1');

async function whyNot(): Promise<string | null> {
  const { code } = await docker('version').catch(() => ({ code: 1 }));
  if (code !== 0) return 'there is no Docker daemon';
  for (const workload of workloads) {
    const image = localImage(podOf(workload).containers[0].image);
    if ((await docker('image', 'inspect', image)).code !== 0) return `there is no image ${image}`;
  }
  return null;
}

function podOf(workload: string) {
  return objects.find((one) => nameOf(one) === workload)?.spec.template.spec;
}

async function start(workload: string): Promise<void> {
  const name = workload.replace(/.*\//, '');
  const pod = podOf(workload);
  const [container] = pod.containers;
  const setup = setUpContainer(objects, workload, mkdtempSync(join(folder, `${name}-`)));
  const { runAsUser, runAsGroup } = pod.securityContext;
  const own: Record<string, string> = {
    K8S_NAMESPACE: 'n',
    K8S_NODE: 'o',
    K8S_POD: 'p',
    K8S_POD_UID: 'u',
  };
  const { code, output } = await docker(
    ...['run', '--detach', '--name', `${network}-${name}`, '--network', network],
    ...['--network-alias', name, '--read-only', '--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges', '--user', `${runAsUser}:${runAsGroup}`],
    ...['--memory', container.resources.limits.memory.replace('i', '').toLowerCase()],
    // What shareProcessNamespace does for a pod: process 1 is another's.
    ...(pod.shareProcessNamespace ? ['--init'] : []),
    ...Object.entries({ ...own, ...setup.env }).flatMap(([key, value]) => [
      '--env',
      `${key}=${value.replace(/\$\((\w+)\)/g, (_, variable: string) => own[variable] ?? '')}`,
    ]),
    ...Object.entries(setup.mounts).flatMap(([to, from]) => ['--volume', `${from}:${to}:ro`]),
    ...setup.scratch.flatMap((path) => [
      '--tmpfs',
      `${path}:size=256m,uid=${runAsUser},gid=${runAsGroup},mode=0770`,
    ]),
    ...[localImage(setup.image), ...setup.args],
  );
  containers.push(`${network}-${name}`);
  if (code !== 0) throw new Error(`${workload}: ${output}`);
}

async function addressOf(workload: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const name = `${network}-${workload.replace(/.*\//, '')}`;
  return (await docker('inspect', '--format', format, name)).output.trim();
}

async function probeUrl(workload: string): Promise<string> {
  const [container] = podOf(workload).containers;
  const { path, port } = container.readinessProbe.httpGet;
  const { containerPort } = container.ports.find((one: { name: string }) => one.name === port);
  return `http://${await addressOf(workload)}:${containerPort}${path}`;
}

beforeAll(async () => {
  objects = parseManifests(await kustomize('base'));
  folder = mkdtempSync(join(tmpdir(), 'aftershock-pods-'));
});

afterAll(async () => {
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
  await docker('network', 'rm', network).catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

test('its containers become ready, and a traced request comes out with the names of its pods', async (context) => {
  const reason = await whyNot();
  if (reason !== null) return context.skip(reason);
  await docker('network', 'create', network);
  for (const workload of workloads) await start(workload);
  for (const workload of workloads) {
    const url = await probeUrl(workload);
    await until(`${workload} to be ready at ${url}`, 60_000, async () => {
      const response = await fetch(url).catch(() => null);
      if (response?.ok) return true;
      const name = `${network}-${workload.replace(/.*\//, '')}`;
      const state = await docker('inspect', '--format', '{{.State.Status}}', name);
      if (state.output.trim() === 'running') return undefined;
      throw new Error(`${workload} ended: ${(await docker('logs', '--tail', '20', name)).output}`);
    });
  }

  const answer = await fetch(`http://${await addressOf('Deployment/gateway')}:8080/users/42`);
  expect(answer.status).toBe(200);
  const jaeger = `http://${await addressOf('Deployment/jaeger')}:16686`;
  const query = new URLSearchParams({
    'query.service_name': 'user',
    'query.num_traces': '20',
    'query.start_time_min': new Date(Date.now() - 600_000).toISOString(),
    'query.start_time_max': new Date(Date.now() + 600_000).toISOString(),
  });
  const traces = await until('the trace in Jaeger', 30_000, async () => {
    const response = await fetch(`${jaeger}/api/v3/traces?${query}`);
    const text = await response.text();
    return response.ok && text.includes('GET /users/:id') ? text : undefined;
  });
  expect(traces).toContain('"stringValue":"n.p.user"');
  for (const attribute of ['k8s.pod.name', 'k8s.node.name', 'k8s.deployment.name']) {
    expect(traces).toContain(attribute);
  }
});
