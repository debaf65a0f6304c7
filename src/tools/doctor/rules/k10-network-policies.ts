/** NetworkPolicies that block the check ports of the service, or its way to the issuers. */
import type { Found } from '../finding.ts';
import { mappingsOf, textOf } from '../read/objects.ts';
import {
  type Allowed,
  allowedBy,
  coversPort,
  isInCluster,
  leavesCluster,
} from '../world/network-policies.ts';
import { ownPorts } from '../world/own-ports.ts';
import type { Workload } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Finds ports that no NetworkPolicy of the service allows. */
export function blockedByNetworkPolicies(world: World): readonly Found[] {
  return world.ownWorkloads.flatMap((workload) => [
    ...blockedChecks(world, allowedBy(world, workload, 'ingress')),
    ...blockedIssuers(world, allowedBy(world, workload, 'egress'), workload),
  ]);
}

function blockedChecks(world: World, allowed: Allowed | undefined): readonly Found[] {
  if (allowed === undefined) return [];
  const { policy, rules } = allowed;
  return ownPorts(world)
    .filter(({ listener }) => listener !== 'admin')
    .filter(
      ({ listener }) =>
        world.ownEntries.length === 0 || world.ownEntries.some(({ protocol }) => protocol === listener),
    )
    .filter(({ number, name }) => !rules.some((rule) => coversPort(rule, number, name)))
    .map(({ listener, number, name }) => ({
      place: policy.at('spec', 'ingress'),
      cause: `No ingress rule allows port ${number}, on which the service answers checks over ${listener === 'http' ? 'HTTP' : 'gRPC'}.`,
      fix: `Add an ingress rule with \`ports: [{protocol: TCP, port: ${name || number}}]\`.`,
    }));
}

/** Issuers outside the cluster need an egress rule for their port that is not limited to pods. */
function blockedIssuers(
  { config }: World,
  allowed: Allowed | undefined,
  { containers }: Workload,
): readonly Found[] {
  const usesProxy = containers
    .flatMap(({ env }) => mappingsOf(env))
    .some(({ name }) => /^https?_proxy$/i.test(textOf(name)));
  if (allowed === undefined || config === undefined || usesProxy) return [];
  const { policy, rules } = allowed;
  const fetched = config.issuers.filter(
    ({ jwksFile, publicKeyFiles }) => jwksFile === undefined && publicKeyFiles === undefined,
  );
  return fetched.flatMap(({ issuer, jwksUri }) => {
    const url = URL.parse(jwksUri ?? issuer);
    if (url === null || isInCluster(url.hostname)) return [];
    const port = Number(url.port) || 443;
    const isAllowed = rules.some((rule) => coversPort(rule, port, '') && leavesCluster(rule));
    return isAllowed
      ? []
      : [
          {
            place: policy.at('spec', 'egress'),
            cause: `No egress rule allows a connection to ${url.hostname} on port ${port}, from which the service fetches keys.`,
            fix: `Add an egress rule with \`ports: [{protocol: TCP, port: ${port}}]\`, and without \`to\` or with an \`ipBlock\` of the issuer.`,
          },
        ];
  });
}
