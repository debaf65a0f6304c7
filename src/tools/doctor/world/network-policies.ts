/** The NetworkPolicies of a workload, and the ports that they allow. Several policies add up. */
import type { Mapping } from '../../../config/values/mapping.ts';
import { type KubeObject, mappingsOf, textOf } from '../read/objects.ts';
import { matchesSelector, type Workload } from './workloads.ts';
import type { World } from './world.ts';

/** A direction of the traffic of a workload. */
type Direction = 'ingress' | 'egress';

/** The rules of a workload's policies in a direction. */
export interface Allowed {
  /** A policy, for the place of a finding. */
  readonly policy: KubeObject;
  readonly rules: readonly Mapping[];
}

/** Finds what the policies of a workload allow; undefined if no policy limits the direction. */
export function allowedBy(world: World, workload: Workload, direction: Direction): Allowed | undefined {
  const [first, ...others] = world
    .of('NetworkPolicy', 'networking.k8s.io')
    .filter(
      (policy) =>
        policy.namespace === workload.namespace &&
        matchesSelector(policy.get('spec', 'podSelector'), workload.labels) &&
        limits(policy, direction),
    );
  return first === undefined
    ? undefined
    : { policy: first, rules: [first, ...others].flatMap((policy) => policy.list('spec', direction)) };
}

/** A policy without types limits ingress. */
function limits(policy: KubeObject, direction: Direction): boolean {
  const types = policy.texts('spec', 'policyTypes');
  return direction === 'ingress' ? types.length === 0 || types.includes('Ingress') : types.includes('Egress');
}

/** Whether a rule covers a TCP port. A rule without ports covers all of them. */
export function coversPort(rule: Mapping, number: number, name: string): boolean {
  const ports = mappingsOf(rule.ports);
  return (
    ports.length === 0 ||
    ports.some(({ port, endPort, protocol }) => {
      if (textOf(protocol) !== '' && protocol !== 'TCP') return false;
      if (port === undefined || (name !== '' && port === name)) return true;
      return Number(port) === number || (Number(port) <= number && number <= Number(endPort ?? Number.NaN));
    })
  );
}

/** Whether a rule allows addresses outside of the cluster. */
export function leavesCluster({ to }: Mapping): boolean {
  const peers = mappingsOf(to);
  return peers.length === 0 || peers.some(({ ipBlock }) => ipBlock !== undefined);
}

/** Whether a host name is one of the cluster. */
export function isInCluster(host: string): boolean {
  return /\.svc(\.|$)|\.cluster\.local$/.test(host) || !host.includes('.');
}
