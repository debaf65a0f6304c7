/** K46: NetworkPolicies that block the way to the store. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { allowedBy, coversPort, isInCluster, leavesCluster } from '../world/network-policies.ts';
import { portsOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** An address in `state.valkey.urls`. */
interface StoreAddress {
  readonly host: string;
  readonly port: number;
}

/** The service starts without the store, so nothing else reports it. */
export const unreachableStore: Rule<World> = {
  id: 'K46',
  title: 'NetworkPolicy that blocks the connection to the store',
  severity: 'error',
  effect:
    'The service has no store: people cannot sign in, and requests with a session end with `sessions_unavailable`. Bearer tokens still work.',
  fix: 'Allow the port of `state.valkey.urls` in the egress of the service, and in the ingress of the store.',
  needsConfig: true,
  check: (world) =>
    addressesOf(world).flatMap((address) => [...egress(world, address), ...ingress(world, address)]),
};

function addressesOf({ config }: World): readonly StoreAddress[] {
  if (config?.state === undefined) return [];
  const { urls, mode } = config.state.valkey;
  return urls.map((url) => {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port) || (mode === 'sentinel' ? 26_379 : 6_379) };
  });
}

function egress(world: World, { host, port }: StoreAddress): readonly Found[] {
  return world.ownWorkloads.flatMap((workload) => {
    const allowed = allowedBy(world, workload, 'egress');
    const isAllowed = allowed?.rules.some(
      (rule) => coversPort(rule, port, '') && (isInCluster(host) || leavesCluster(rule)),
    );
    return allowed === undefined || isAllowed
      ? []
      : [
          {
            place: allowed.policy.at('spec', 'egress'),
            cause: `No egress rule allows a connection to the store, ${host} on port ${port}.`,
            fix: `Add an egress rule with \`ports: [{protocol: TCP, port: ${port}}]\`.`,
          },
        ];
  });
}

/** The policies of the pods of the store, if the manifests contain them. */
function ingress(world: World, { host, port }: StoreAddress): readonly Found[] {
  const service = world.serviceAt(host);
  const target = service && portsOf(service).find(({ number }) => number === port);
  if (service === undefined || target === undefined) return [];
  return world.workloadsOf(service).flatMap((workload) => {
    const allowed = allowedBy(world, workload, 'ingress');
    const number = Number(target.targetPort) || port;
    return allowed === undefined || allowed.rules.some((rule) => coversPort(rule, number, target.targetPort))
      ? []
      : [
          {
            place: allowed.policy.at('spec', 'ingress'),
            cause: `No ingress rule of the store allows port ${target.targetPort}.`,
            fix: `Add an ingress rule with \`ports: [{protocol: TCP, port: ${target.targetPort}}]\` for the pods of the service.`,
          },
        ];
  });
}
