import type { Manifest } from './manifests.ts';

// biome-ignore lint/suspicious/noExplicitAny: the schemas of Kubernetes are checked elsewhere
type Any = any;

type Labels = Readonly<Record<string, string>>;

/** Whether `labels` meet a label selector; the empty one takes everything. */
export function selects(selector: Any, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    (matchExpressions as Any[]).every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`Teach this test the operator ${operator}`);
      return values.includes(labels[key]);
    })
  );
}

/**
 * Whether NetworkPolicies let a pod with labels `from` open a connection to `port` of a pod with
 * labels `to` in the same namespace: allowed on its way out and on its way in. A pod that no policy
 * selects for a direction is open in it.
 */
export function mayConnect(
  policies: readonly Manifest[],
  from: Labels,
  to: Labels,
  port: number,
): boolean {
  const way = (type: 'Egress' | 'Ingress', pod: Labels, peer: Labels): boolean => {
    const rules = type === 'Egress' ? 'egress' : 'ingress';
    const peers = type === 'Egress' ? 'to' : 'from';
    const chosen = policies.filter(
      ({ spec }) => spec.policyTypes.includes(type) && selects(spec.podSelector, pod),
    );
    if (chosen.length === 0) return true;
    return chosen
      .flatMap(({ spec }): Any[] => spec[rules] ?? [])
      .some(
        (rule) =>
          rule.ports.some((allowed: Any) => allowed.port === port) &&
          rule[peers].some(
            (one: Any) =>
              one.namespaceSelector === undefined &&
              one.podSelector !== undefined &&
              selects(one.podSelector, peer),
          ),
      );
  };
  return way('Egress', from, to) && way('Ingress', to, from);
}
