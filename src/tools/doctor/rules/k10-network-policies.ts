/** NetworkPolicies that block the check ports of the service, or its way to the issuers. */

import type { Mapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { type KubeObject, mappingsOf, textOf } from '../read/objects.ts';
import { ownPorts } from '../world/own-ports.ts';
import { matchesSelector, type Workload } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Finds ports that no NetworkPolicy of the service allows. Several policies add up. */
export function blockedByNetworkPolicies(world: World): readonly Found[] {
  return world.ownWorkloads.flatMap((workload) => {
    const policies = world
      .of('NetworkPolicy', 'networking.k8s.io')
      .filter(
        (policy) =>
          policy.namespace === workload.namespace &&
          matchesSelector(policy.get('spec', 'podSelector'), workload.labels),
      );
    return [...blockedChecks(world, policies), ...blockedIssuers(world, policies, workload)];
  });
}

function blockedChecks(world: World, policies: readonly KubeObject[]): readonly Found[] {
  const [first, ...others] = policies.filter(isIngress);
  if (first === undefined) return [];
  const rules = [first, ...others].flatMap((policy) => policy.list('spec', 'ingress'));
  return ownPorts(world)
    .filter(({ listener }) => listener !== 'admin')
    .filter(
      ({ listener }) =>
        world.ownEntries.length === 0 || world.ownEntries.some(({ protocol }) => protocol === listener),
    )
    .filter(({ number, name }) => !rules.some((rule) => coversPort(rule, number, name)))
    .map(({ listener, number, name }) => ({
      place: first.at('spec', 'ingress'),
      cause: `No ingress rule allows port ${number}, on which the service answers checks over ${listener === 'http' ? 'HTTP' : 'gRPC'}.`,
      fix: `Add an ingress rule with \`ports: [{protocol: TCP, port: ${name || number}}]\`.`,
    }));
}

/** Issuers outside the cluster need an egress rule for their port that is not limited to pods. */
function blockedIssuers(
  { config }: World,
  policies: readonly KubeObject[],
  { containers }: Workload,
): readonly Found[] {
  const [first, ...others] = policies.filter((policy) =>
    policy.texts('spec', 'policyTypes').includes('Egress'),
  );
  const usesProxy = containers
    .flatMap(({ env }) => mappingsOf(env))
    .some(({ name }) => /^https?_proxy$/i.test(textOf(name)));
  if (first === undefined || config === undefined || usesProxy) return [];
  const rules = [first, ...others].flatMap((policy) => policy.list('spec', 'egress'));
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
            place: first.at('spec', 'egress'),
            cause: `No egress rule allows a connection to ${url.hostname} on port ${port}, from which the service fetches keys.`,
            fix: `Add an egress rule with \`ports: [{protocol: TCP, port: ${port}}]\`, and without \`to\` or with an \`ipBlock\` of the issuer.`,
          },
        ];
  });
}

function isIngress(policy: KubeObject): boolean {
  const types = policy.texts('spec', 'policyTypes');
  return types.length === 0 || types.includes('Ingress');
}

/** Whether a rule covers a TCP port. A rule without ports covers all of them. */
function coversPort(rule: Mapping, number: number, name: string): boolean {
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

function leavesCluster({ to }: Mapping): boolean {
  const peers = mappingsOf(to);
  return peers.length === 0 || peers.some(({ ipBlock }) => ipBlock !== undefined);
}

function isInCluster(host: string): boolean {
  return /\.svc(\.|$)|\.cluster\.local$/.test(host) || !host.includes('.');
}
