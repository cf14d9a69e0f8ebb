import { type Manifest, nameOf } from './manifests.ts';

// biome-ignore lint/suspicious/noExplicitAny: the schemas of Kubernetes are checked elsewhere
type Any = any;

const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'];
/** Kinds that end by themselves, or take no requests: they need no probes for a Service. */
const withoutProbes = ['Job'];

/**
 * Where an object breaks our rules, a sentence each: the restricted profile of Pod Security
 * Standards, and what it leaves open (a read-only root, no token, requests and limits, probes, a
 * service only inside the cluster).
 */
export function policyFaults(manifest: Manifest): string[] {
  const faults = workloads.includes(manifest.kind)
    ? podFaults(manifest.kind, manifest.spec?.template?.spec ?? {})
    : manifest.kind === 'Service'
      ? serviceFaults(manifest.spec ?? {})
      : manifest.kind === 'Pod'
        ? ['must come from a workload']
        : [];
  return faults.map((fault) => `${nameOf(manifest)} ${fault}`);
}

function serviceFaults({ type, externalIPs }: Any): string[] {
  return (type === undefined || type === 'ClusterIP') && externalIPs === undefined
    ? []
    : ['must be a ClusterIP without external addresses: port-forward, or an Ingress of your own'];
}

function podFaults(kind: string, pod: Any): string[] {
  const faults: string[] = [];
  const demand = (met: boolean, what: string) => {
    if (!met) faults.push(what);
  };
  demand(pod.automountServiceAccountToken === false, 'must not mount a service account token');
  demand(pod.enableServiceLinks === false, 'must switch service links off');
  demand(pod.terminationGracePeriodSeconds > 0, 'must say how long it may take to end');
  demand(pod.securityContext?.runAsNonRoot === true, 'must run as non-root');
  demand(pod.securityContext?.runAsUser > 0, 'must name a user other than 0');
  demand(
    pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
    'must use the seccomp profile RuntimeDefault',
  );
  for (const part of ['hostNetwork', 'hostPID', 'hostIPC']) {
    demand(pod[part] !== true, `must not use ${part}`);
  }
  for (const volume of pod.volumes ?? []) {
    demand(volume.hostPath === undefined, `must not mount the path ${volume.name} of its host`);
  }
  for (const container of [...(pod.initContainers ?? []), ...(pod.containers ?? [])]) {
    faults.push(...containerFaults(kind, container).map((fault) => `${container.name}: ${fault}`));
  }
  const graceSeconds = pod.terminationGracePeriodSeconds ?? 0;
  for (const { name, lifecycle } of pod.containers ?? []) {
    const sleepSeconds = lifecycle?.preStop?.sleep?.seconds ?? 0;
    demand(sleepSeconds < graceSeconds, `${name}: preStop must leave time to end`);
    demand(lifecycle?.preStop?.exec === undefined, `${name}: there is no shell for preStop.exec`);
  }
  return faults;
}

function containerFaults(kind: string, container: Any): string[] {
  const faults: string[] = [];
  const demand = (met: boolean, what: string) => {
    if (!met) faults.push(what);
  };
  const { image = '', securityContext = {}, resources = {} } = container;
  demand(!/:latest$/.test(image), 'its image must not be :latest');
  demand(securityContext.allowPrivilegeEscalation === false, 'must not escalate privileges');
  demand(securityContext.privileged !== true, 'must not be privileged');
  demand(securityContext.readOnlyRootFilesystem === true, 'must have a read-only root');
  demand(
    securityContext.capabilities?.drop?.includes('ALL') &&
      securityContext.capabilities.add === undefined,
    'must drop all capabilities and add none',
  );
  for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
    demand(resources.requests?.[resource] !== undefined, `must request ${resource}`);
  }
  for (const resource of ['memory', 'ephemeral-storage']) {
    demand(resources.limits?.[resource] !== undefined, `must limit ${resource}`);
  }
  demand(resources.limits?.cpu === undefined, 'must have no CPU limit: a quota is a pause');
  for (const { name, hostPort } of container.ports ?? []) {
    demand(hostPort === undefined, `port ${name} must not be one of its host`);
  }
  if (withoutProbes.includes(kind)) return faults;
  demand(container.readinessProbe !== undefined, 'must have a readiness probe');
  if (container.ports === undefined) return faults;
  demand(container.startupProbe !== undefined, 'must have a startup probe');
  demand(container.livenessProbe !== undefined, 'must have a liveness probe');
  return faults;
}
