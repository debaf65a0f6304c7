/** K11: paths of the login that no route leads to, or that are not checked. */
import { loginPaths } from '../../../config/login/login-addresses.ts';
import type { Found } from '../finding.ts';
import { type KubeObject, textsOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { apiRulesOf, guardsOf, overlap, policiesWith, targetsOf } from '../world/guards.ts';
import { nameList } from '../world/header-lists.ts';
import { apiRuleRuleFor, policyChecks, routesPath, servesHost } from '../world/path-coverage.ts';
import type { World } from '../world/world.ts';

/** The hosts and the paths of a login. */
interface OwnPaths {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

/** The issuer sends the browser to these paths, on the host of the workload. */
export const ownPaths: Rule<World> = {
  id: 'K11',
  title: 'Path of the login that is not routed or not checked',
  severity: 'error',
  effect:
    'After the sign-in, the issuer sends the browser to this path. If no route matches it, the gateway answers 404. If it is not checked, the workload answers it. No login ends.',
  fix: 'Route all paths below `login.paths.prefix` (default: `/.oidc-authz`) as the other paths of the host, and check them with the same authorizer.',
  needsConfig: true,
  check: (world) => {
    const { config } = world;
    if (config?.login === undefined) return [];
    const own = {
      hosts: config.login.hosts,
      paths: Object.values(loginPaths(config.login.paths, config.login.host)),
    };
    return [
      ...apiRulesOf(world).flatMap((object) => inApiRule(object, own, world)),
      ...unrouted(own, world),
      ...(config.login.listener.enabled ? [] : unchecked(own, world)),
      ...unguarded(own, world),
    ];
  },
};

function inApiRule(object: KubeObject, { hosts, paths }: OwnPaths, world: World): readonly Found[] {
  const names = world.ownEntries.map(({ name }) => name);
  const usesService = object
    .list('spec', 'rules')
    .some(({ extAuth }) => authorizersOf(extAuth).some((name) => names.includes(name)));
  if (!usesService || !hosts.some((host) => servesHost(object, host))) return [];
  const missing = paths.filter((path) => apiRuleRuleFor(object, path) === undefined);
  const elsewhere = paths.flatMap((path) => {
    const found = apiRuleRuleFor(object, path);
    if (found === undefined || authorizersOf(found.rule.extAuth).some((name) => names.includes(name)))
      return [];
    return leadsToService(object, found.index, world) ? [] : [{ path, index: found.index }];
  });
  const [first] = elsewhere;
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            place: object.at('spec', 'rules'),
            cause: `No rule matches ${nameList(missing)}.`,
            fix: 'Add a rule with this authorizer for these paths, or for `/*`.',
          },
        ]),
    ...(first === undefined
      ? []
      : [
          {
            place: object.at('spec', 'rules', first.index),
            cause: `The rule for ${nameList(elsewhere.map(({ path }) => path))} does not use this authorizer.`,
            fix: 'Add a rule with this authorizer for these paths before it.',
          },
        ]),
  ];
}

function authorizersOf(extAuth: unknown): readonly string[] {
  return textsOf((extAuth as { authorizers?: unknown } | undefined)?.authorizers);
}

/** Whether a rule sends requests to a Service of this service, whose login listener answers the paths. */
function leadsToService(object: KubeObject, index: number, { ownServices }: World): boolean {
  const at = ['spec', 'rules', index, 'service'] as const;
  const name = object.text(...at, 'name');
  const namespace = object.text(...at, 'namespace') || object.namespace;
  return (
    /oidc-authz/.test(name) || ownServices.some((one) => one.name === name && one.namespace === namespace)
  );
}

/** Hosts with routes that match no path of the login. */
function unrouted({ hosts, paths }: OwnPaths, { of }: World): readonly Found[] {
  const groups = [
    of('VirtualService', 'networking.istio.io').filter(({ content }) => hasGateway(content)),
    of('HTTPRoute', 'gateway.networking.k8s.io'),
    of('HTTPProxy', 'projectcontour.io'),
  ];
  return groups.flatMap((objects) =>
    hosts.flatMap((host): readonly Found[] => {
      const routes = objects.filter((object) => servesHost(object, host));
      const missing = paths.filter((path) => !routes.some((object) => routesPath(object, path)));
      const [first] = routes;
      return first === undefined || missing.length === 0
        ? []
        : [{ place: first.at('spec'), cause: `No route for ${host} matches ${nameList(missing)}.` }];
    }),
  );
}

/** A VirtualService without a gateway applies only inside the mesh. */
function hasGateway({ spec }: KubeObject['content']): boolean {
  const gateways = textsOf((spec as { gateways?: unknown } | undefined)?.gateways);
  return gateways.some((gateway) => gateway !== 'mesh');
}

/** CUSTOM policies that send other paths of a host to the service, but not those of the login. */
function unchecked({ hosts, paths }: OwnPaths, world: World): readonly Found[] {
  const names = world.ownEntries.map(({ name }) => name);
  const policies = policiesWith(world, 'CUSTOM').filter((policy) =>
    names.includes(policy.text('spec', 'provider', 'name')),
  );
  return policies.flatMap((policy) => {
    const others = policies.filter((other) => other !== policy && sharesTarget(policy, other, world));
    const missing = paths.filter((path) =>
      hosts.some(
        (host) =>
          policyChecks(policy, host, path) === false &&
          !others.some((other) => policyChecks(other, host, path) === true),
      ),
    );
    return missing.length === 0
      ? []
      : [
          {
            place: policy.at('spec', 'rules'),
            cause: `The policy does not check ${nameList(missing)}.`,
            fix: 'Match these paths too, for example with `paths: ["/*"]`.',
          },
        ];
  });
}

/** Hosts of a login with a route of Istio, if the provider is registered and nothing uses it. */
function unguarded({ hosts }: OwnPaths, world: World): readonly Found[] {
  const entry = world.ownEntries.find(({ kind }) => kind.startsWith('istio'));
  if (entry === undefined || guardsOf(world).length > 0) return [];
  const route = world
    .of('VirtualService', 'networking.istio.io')
    .find((object) => hasGateway(object.content) && hosts.some((host) => servesHost(object, host)));
  return route === undefined
    ? []
    : [
        {
          place: route.at('spec'),
          cause: `No AuthorizationPolicy with the action CUSTOM uses the entry ${entry.name}, so requests to these hosts are not checked.`,
          effect: 'Every request reaches the workload without a login and without a token.',
          fix: 'Create the policy; `oidc-authz generate istio --authorization-policy` prints it.',
        },
      ];
}

function sharesTarget(one: KubeObject, other: KubeObject, world: World): boolean {
  return targetsOf(one, world).some((target) =>
    targetsOf(other, world).some((otherTarget) => overlap(target, otherTarget)),
  );
}
