/** K47: back-channel logout that no issuer outside of the cluster can use. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { allowedBy, coversPort } from '../world/network-policies.ts';
import { apiRuleRuleFor, routesPath } from '../world/path-coverage.ts';
import { type Route, routesOf } from '../world/routes.ts';
import { portsOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** The issuer sends the logout token to the login listener, past the gateway's check. */
export const unreachableLogout: Rule<World> = {
  id: 'K47',
  title: 'Back-channel logout that the issuer cannot reach',
  severity: 'warning',
  effect:
    'A person who signs out at the issuer, or whom the issuer signs out, stays signed in here until the next renewal of the session.',
  fix: 'Route `/back-channel-logout/NAME` without a check to the port of the login listener, and allow the port in the NetworkPolicy of the service (docs/back-channel-logout.md).',
  needsConfig: true,
  check: (world) => {
    const { config } = world;
    if (config?.login === undefined || config.sessions?.backChannelLogout !== true) return [];
    const { port } = config.login.listener;
    const paths = config.issuers
      .filter(({ login }) => login !== undefined)
      .map(({ name }) => `/back-channel-logout/${name}`);
    return [...blocked(world, port), ...unrouted(world, port, paths)];
  },
};

function blocked(world: World, port: number): readonly Found[] {
  return world.ownWorkloads.flatMap((workload) => {
    const allowed = allowedBy(world, workload, 'ingress');
    return allowed === undefined || allowed.rules.some((rule) => coversPort(rule, port, 'http-login'))
      ? []
      : [
          {
            place: allowed.policy.at('spec', 'ingress'),
            cause: `No ingress rule allows port ${port}, the login listener.`,
            fix: `Add an ingress rule with \`ports: [{protocol: TCP, port: ${port}}]\` for the gateways.`,
          },
        ];
  });
}

/** Without any route in the manifests, nothing is known about the way to the issuer. */
function unrouted(world: World, port: number, paths: readonly string[]): readonly Found[] {
  const routes = routesOf(world);
  const [service] = world.ownServices;
  if (routes.length === 0 || service === undefined) return [];
  const toListener = routes.filter((route) => leadsTo(route, world, port));
  const [first] = toListener;
  if (first === undefined)
    return [
      {
        place: service.at('spec', 'ports'),
        cause: `No route leads to port ${port}, the login listener, so only an issuer inside the cluster can use ${paths.join(', ')}.`,
      },
    ];
  const missing = paths.filter((path) => !toListener.some(({ object }) => covers(object, path)));
  return missing.length === 0
    ? []
    : [{ place: first.place, cause: `No route to the login listener matches ${missing.join(', ')}.` }];
}

function leadsTo({ name, namespace, port }: Route, { ownServices }: World, listener: number): boolean {
  const service = ownServices.find((one) => one.name === name && one.namespace === namespace);
  if (service === undefined) return false;
  return portsOf(service).some(
    ({ number, targetPort }) =>
      (port === undefined || number === port) && [String(listener), 'http-login'].includes(targetPort),
  );
}

function covers(object: Route['object'], path: string): boolean {
  return object.kind === 'APIRule'
    ? apiRuleRuleFor(object, path, 'POST') !== undefined
    : routesPath(object, path);
}
