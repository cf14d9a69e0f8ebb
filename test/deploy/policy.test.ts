import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Manifest, nameOf, parseManifests, readManifests } from './manifests.ts';
import { mayConnect } from './network.ts';
import { policyFaults } from './policy.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function filesBelow(folder: string, matching: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file))
    .filter((file) => matching.test(file))
    .toSorted();
}

/** Whole objects: neither kustomizations, nor patches, nor files of other programs. */
const objectFiles = filesBelow('deploy', /\.yaml$/).filter(
  (file) => !/(kustomization|\.patch|agent-config)\.yaml$/.test(file),
);
const all = objectFiles.flatMap((file) => readManifests(join(root, file)));
const base = objectFiles
  .filter((file) => file.startsWith('deploy/base/'))
  .flatMap((file) => readManifests(join(root, file)));

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: bad }
spec:
  template:
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: bad
          image: bad:1
          ports: [{ name: http, containerPort: 80 }]
          resources:
            requests: { cpu: 1m, memory: 1Mi, ephemeral-storage: 1Mi }
            limits: { memory: 1Mi, ephemeral-storage: 1Mi }
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
          startupProbe: {}
          readinessProbe: {}
          livenessProbe: {}
`;

test('policyFaults() finds nothing in a workload that keeps the rules', () => {
  expect(parseManifests(workload).flatMap(policyFaults)).toEqual([]);
});

test.each([
  { from: 'runAsNonRoot: true', to: 'runAsNonRoot: false', fault: 'must run as non-root' },
  { from: 'runAsUser: 1000', to: 'runAsUser: 0', fault: 'must name a user other than 0' },
  { from: 'bad:1', to: 'bad:latest', fault: 'bad: its image must not be :latest' },
  { from: 'limits: { memory: 1Mi,', to: 'limits: {', fault: 'bad: must limit memory' },
  {
    from: 'limits: {',
    to: 'limits: { cpu: 1,',
    fault: 'bad: must have no CPU limit: a quota is a pause',
  },
  {
    from: 'drop: [ALL]',
    to: 'drop: [NET_RAW]',
    fault: 'bad: must drop all capabilities and add none',
  },
  { from: 'livenessProbe: {}', to: '', fault: 'bad: must have a liveness probe' },
  {
    from: 'containerPort: 80',
    to: 'containerPort: 80, hostPort: 80',
    fault: 'bad: port http must not be one of its host',
  },
  { from: 'Seconds: 30', to: 'Seconds: 30\n      hostPID: true', fault: 'must not use hostPID' },
])('policyFaults() says "$fault"', ({ from, to, fault }) => {
  expect(parseManifests(workload.replace(from, to)).flatMap(policyFaults)).toEqual([
    `Deployment/bad ${fault}`,
  ]);
});

test('policyFaults() refuses a service that is open to the world', () => {
  const service = 'kind: Service\nmetadata: { name: open }\nspec: { type: LoadBalancer }';
  expect(parseManifests(service).flatMap(policyFaults)[0]).toMatch(/^Service\/open must be a Clu/);
});

test('every object keeps the rules', () => {
  expect(all.map(nameOf)).toContain('Deployment/user');
  expect(all.flatMap(policyFaults)).toEqual([]);
});

test('the namespace refuses pods that are not restricted', () => {
  const namespace = base.find(({ kind }) => kind === 'Namespace');
  expect(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
});

const mesh = (name: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': 'mesh',
});
const telemetry = (name: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': 'telemetry',
});
const lab = { 'app.kubernetes.io/name': 'load', 'app.kubernetes.io/component': 'lab' };
const stranger = {};

test.each([
  { from: lab, to: mesh('gateway'), port: 8080, may: true },
  { from: lab, to: telemetry('jaeger'), port: 16686, may: true },
  { from: lab, to: telemetry('collector'), port: 4318, may: true },
  { from: mesh('gateway'), to: mesh('auth'), port: 8081, may: true },
  { from: mesh('auth'), to: mesh('user'), port: 8082, may: true },
  { from: mesh('user'), to: telemetry('collector'), port: 4318, may: true },
  { from: telemetry('collector'), to: telemetry('jaeger'), port: 4317, may: true },
  { from: telemetry('collector'), to: telemetry('prometheus'), port: 9090, may: true },
  { from: telemetry('prometheus'), to: telemetry('collector'), port: 8888, may: true },
  { from: telemetry('prometheus'), to: telemetry('jaeger'), port: 8888, may: true },
  { from: telemetry('jaeger'), to: telemetry('prometheus'), port: 9090, may: true },
  { from: mesh('gateway'), to: mesh('user'), port: 8082, may: false },
  { from: mesh('auth'), to: mesh('user'), port: 9080, may: false },
  { from: lab, to: mesh('user'), port: 8082, may: false },
  { from: mesh('user'), to: telemetry('jaeger'), port: 4317, may: false },
  { from: stranger, to: mesh('gateway'), port: 8080, may: false },
  { from: stranger, to: telemetry('collector'), port: 4318, may: false },
  { from: telemetry('jaeger'), to: mesh('user'), port: 8082, may: false },
])('$from may connect to $to at $port: $may', ({ from, to, port, may }) => {
  const policies = base.filter(({ kind }) => kind === 'NetworkPolicy');
  expect(mayConnect(policies, from, to, port)).toBe(may);
});

test.each([
  { folder: 'mesh', matching: /\.yaml$/ },
  { folder: 'collector', matching: /\.yaml$/, but: ['options/logs.yaml'] },
  { folder: 'dashboards/jaeger', matching: /\.(yaml|json)$/ },
  { folder: 'dashboards/prometheus', matching: /\.ya?ml$/ },
])('the ConfigMaps of $folder hold its files', ({ folder, matching, but = [] }) => {
  const { configMapGenerator } = parse(
    readFileSync(join(root, folder, 'kustomization.yaml'), 'utf8'),
  ) as { configMapGenerator: { files: string[] }[] };
  const listed = configMapGenerator.flatMap(({ files }) => files);
  const there = filesBelow(folder, matching)
    .map((file) => posix.relative(folder, file))
    .filter((file) => file !== 'kustomization.yaml' && !/\.test\.yaml$/.test(file));
  expect([...listed, ...but].toSorted()).toEqual(there.toSorted());
});

test('more than one machine scrapes other targets, and changes nothing else of Prometheus', () => {
  const { scrape_configs: ours, ...rest } = parse(
    readFileSync(join(root, 'deploy/overlays/cluster/prometheus.yml'), 'utf8'),
  );
  const { scrape_configs: targets, ...whole } = parse(
    readFileSync(join(root, 'dashboards/prometheus/prometheus.yml'), 'utf8'),
  );
  const jobs = (configs: { job_name: string }[]) => configs.map(({ job_name }) => job_name);
  expect(rest).toEqual(whole);
  expect(jobs(ours)).toEqual(expect.arrayContaining(jobs(targets)));
});

test('deploy/ runs the images of docker-compose.yml', () => {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  }) as { services: Record<string, { image: string }> };
  const { images } = parse(
    readFileSync(join(root, 'deploy/images/kustomization.yaml'), 'utf8'),
  ) as {
    images: { name: string; newTag: string }[];
  };
  const used = new Set(Object.values(services).map(({ image }) => image));
  const ours = images.filter(({ name }) => !name.startsWith('aftershock/'));
  for (const { name, newTag } of ours) expect([...used]).toContain(`${name}:${newTag}`);
  const named = new Set(images.map(({ name }) => name));
  const run = all.flatMap(
    ({ spec }: Manifest): { image: string }[] => spec?.template?.spec?.containers ?? [],
  );
  for (const { image } of run) expect([...named]).toContain(image);
});
