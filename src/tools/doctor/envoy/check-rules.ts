/** Rules of `doctor --envoy`: does Envoy send a check for each request, and what happens without a response? */
import { maxShareOfMeshTimeout } from '../../../config/validate/cross-option-checks.ts';
import { formatDuration } from '../../../config/values/units.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { loginTimeout } from '../rules/k42-timeout-of-a-login.ts';
import type { EnvoyConfig } from './config-dump.ts';
import { type AuthzFilter, chainPlace, checkedChains, type EnvoyInput, filterPlace } from './input.ts';
import { messageAt, numberAt, textAt, valueAt } from './message.ts';
import { type Route, routesOf, runsOn } from './routes.ts';

/** The default of `limits.checkDeadline`, in milliseconds, for an Envoy without a configuration to compare with. */
const defaultDeadline = 1_500;

/** The timeout that every service without a login can use, in milliseconds. */
const usualTimeout = 2_000;

/** A timeout from which clients give up before Envoy does, in milliseconds. */
const longTimeout = 60_000;

/** Maximum number of routes that one finding lists. */
const mostRoutes = 5;

const asksNobody: Rule<EnvoyInput> = {
  id: 'K60',
  title: 'Envoy without an ext_authz filter',
  severity: 'error',
  effect: 'This Envoy sends no checks. Every request reaches its workload without a valid token.',
  fix: 'Add the ext_authz filter. In Istio, create an AuthorizationPolicy with the action CUSTOM whose selector matches this workload. In Kyma, set `extAuth` in the APIRule. Then verify that you asked the proxy in front of the right workload.',
  check: ({ url, filters, envoy }) =>
    filters.length > 0 || badPolicies(envoy).length > 0
      ? []
      : [
          {
            place: { file: url, object: '', path: 'http_filters' },
            cause: `The number of HTTP connection managers is ${envoy.chains.length}; none of them has an ext_authz filter.`,
          },
        ],
};

const uncheckedWay: Rule<EnvoyInput> = {
  id: 'K61',
  title: 'Second way to a workload without a check',
  severity: 'warning',
  effect: 'A request that takes this way reaches the workload without a check.',
  fix: 'Add the ext_authz filter to this listener too, or remove its routes to these clusters.',
  check: (input) => {
    const checked = checkedChains(input);
    const clustersOf = (chain: (typeof checked)[number]) =>
      routesOf(chain.routes).flatMap(({ clusters }) => clusters);
    const guarded = new Set(checked.flatMap(clustersOf));
    return input.envoy.chains
      .filter((chain) => !checked.includes(chain) && chain.direction !== 'OUTBOUND')
      .flatMap((chain): Found[] => {
        const open = [...new Set(clustersOf(chain))].filter((cluster) => guarded.has(cluster));
        return open.length === 0
          ? []
          : [
              {
                place: chainPlace(input, chain, 'http_filters'),
                cause: `It has no ext_authz filter, and it routes to ${named(open)}, which other listeners protect.`,
              },
            ];
      });
  },
};

const failureMode: Rule<EnvoyInput> = {
  id: 'K62',
  title: 'Failure mode that allows requests',
  severity: 'error',
  effect:
    'Envoy allows every request while it cannot reach the authorizer, or while a response is late. Identity headers that the client sent reach the workload.',
  fix: 'Set `failure_mode_allow: false` (Istio: `failOpen: false`).',
  check: (input) =>
    input.filters
      .filter(({ config }) => valueAt(config, 'failure_mode_allow') === true)
      .map((one) => {
        const marks = valueAt(one.config, 'failure_mode_allow_header_add') === true;
        return {
          place: filterPlace(input, one, 'failure_mode_allow'),
          cause: `failure_mode_allow is true${marks ? '; the workload can recognize these requests by x-envoy-auth-failure-mode-allowed' : ', and the workload cannot recognize these requests'}.`,
        };
      }),
};

const timeout: Rule<EnvoyInput> = {
  id: 'K63',
  title: 'Timeout of the check that does not fit the deadline of the service',
  severity: 'error',
  effect:
    'Envoy applies its failure mode before the service responds, or it waits without a limit for a service that hangs.',
  fix: 'Set the timeout of the check to 2 s (with a login 5 s), and `limits.meshTimeout` to the same value. In Kyma, use whole seconds of at least `1s`.',
  check: (input) => {
    const { config } = input;
    const deadline = Math.max(
      config?.limits.checkDeadline ?? defaultDeadline,
      config !== undefined && config.shadow.authorizer !== '' ? config.shadow.timeout : 0,
    );
    const least = config?.login === undefined ? usualTimeout : loginTimeout;
    const needed = Math.max(least, Math.ceil(deadline / maxShareOfMeshTimeout / 1_000) * 1_000);
    const fix = `Set the timeout of the check to \`${formatDuration(needed)}\`, and \`limits.meshTimeout\` to the same value. In Kyma, use whole seconds of at least \`1s\`.`;
    return input.filters.flatMap((one): Found[] => {
      const place = filterPlace(
        input,
        one,
        one.transport === 'http' ? 'http_service.server_uri.timeout' : 'grpc_service.timeout',
      );
      const waits = one.timeout ?? (one.transport === 'grpc' ? 200 : undefined);
      if (waits === undefined) return [];
      if (waits === 0)
        return [
          {
            place,
            cause:
              'The timeout is 0s: since Envoy 1.38 an HTTP check then has no time limit, before that it fails at once.',
            fix,
          },
        ];
      const text = `The timeout is ${formatDuration(waits)}${one.timeout === undefined ? ' by default' : ''}`;
      if (deadline > waits * maxShareOfMeshTimeout)
        return [
          {
            place,
            cause: `${text}; the service responds within ${formatDuration(deadline)}, which must be at least 20 % below it.`,
            fix,
          },
        ];
      if (waits >= longTimeout)
        return [
          {
            place,
            cause: `${text}${waits === 600_000 ? ', the default of Istio' : ''}.`,
            severity: 'warning',
            effect: 'If the service hangs, each request waits this long.',
            fix,
          },
        ];
      const configured = config?.limits.meshTimeout;
      return configured === undefined || waits >= configured
        ? []
        : [
            {
              place,
              cause: `${text}; limits.meshTimeout is ${formatDuration(configured)}.`,
              severity: 'note',
              effect: 'The service accepts deadlines that are too long for this Envoy.',
              fix: waits < needed ? fix : `Set \`limits.meshTimeout: ${formatDuration(waits)}\`.`,
            },
          ];
    });
  },
};

const requestBody: Rule<EnvoyInput> = {
  id: 'K68',
  title: 'Request body in the check',
  severity: 'warning',
  effect:
    'Envoy stores each body until its check is answered, and sends it to the service, which discards it. Without `allow_partial_message`, Envoy denies a larger body with 413.',
  fix: 'Remove `with_request_body` (Istio: `includeRequestBodyInCheck`). No decision uses the body.',
  check: (input) =>
    input.filters
      .filter(({ config }) => valueAt(config, 'with_request_body') !== undefined)
      .map((one) => ({
        place: filterPlace(input, one, 'with_request_body'),
        cause: `A check contains up to ${numberAt(one.config, 'with_request_body', 'max_request_bytes') ?? 0} bytes of the body.`,
      })),
};

const statusOnError: Rule<EnvoyInput> = {
  id: 'K69',
  title: 'Status of a failed check that looks like a denial',
  severity: 'note',
  effect: 'If a check fails, the client gets an empty 403 and cannot distinguish a failure from a denial.',
  fix: 'Set `status_on_error` to 503 (Istio: `statusOnError: "503"`). Kyma has no such field.',
  check: (input) =>
    input.filters.flatMap((one): Found[] => {
      if (valueAt(one.config, 'failure_mode_allow') === true) return [];
      const code = valueAt(one.config, 'status_on_error', 'code');
      const place = filterPlace(input, one, 'status_on_error');
      if (code === undefined) return [{ place, cause: 'status_on_error is absent, so the status is 403.' }];
      return code === 'Forbidden' || code === 'Unauthorized'
        ? [{ place, cause: `status_on_error is ${String(code)}.` }]
        : [];
    }),
};

const notEveryRequest: Rule<EnvoyInput> = {
  id: 'K70',
  title: 'Requests that Envoy does not check',
  severity: 'warning',
  effect:
    'Requests of these routes reach the workload without a check. Identity headers of the client reach it too.',
  fix: 'Remove the setting. To allow requests without a token, use a rule with `allow: anonymous`: it still removes identity headers.',
  check: (input) =>
    input.filters.flatMap((one) => [...samplingProblems(input, one), ...disabledRoutes(input, one)]),
};

function samplingProblems(input: EnvoyInput, one: AuthzFilter): readonly Found[] {
  const enabled = valueAt(one.config, 'filter_enabled');
  if (enabled === undefined) return [];
  const percentage = messageAt(enabled, 'default_value');
  const numerator = numberAt(percentage, 'numerator') ?? 0;
  const parts = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[
    textAt(percentage, 'denominator') || 'HUNDRED'
  ];
  if (parts === undefined || numerator >= parts) return [];
  const denies = valueAt(one.config, 'deny_at_disable', 'default_value') === true;
  return [
    {
      place: filterPlace(input, one, 'filter_enabled'),
      cause: `filter_enabled selects ${(100 * numerator) / parts} % of the requests${denies ? '; deny_at_disable denies the others' : ''}.`,
      severity: denies ? 'warning' : 'error',
      effect: denies
        ? 'Envoy denies requests without asking the service.'
        : 'The other requests reach the workload without a check. Identity headers of the client reach it too.',
    },
  ];
}

function disabledRoutes(input: EnvoyInput, one: AuthzFilter): readonly Found[] {
  if (valueAt(one.config, 'deny_at_disable', 'default_value') === true) return [];
  const sibling = input.filters.filter(({ chain }) => chain === one.chain);
  // Envoy Gateway adds one filter for each policy. Each route enables its own.
  if (sibling.some((other) => other !== one && sibling.indexOf(other) < sibling.indexOf(one))) return [];
  const isOpen = (route: Route) => route.isForwarding && !sibling.some(({ filter }) => runsOn(route, filter));
  const open = routesOf(one.chain.routes).filter(isOpen);
  return open.length === 0
    ? []
    : [
        {
          place: filterPlace(input, one, 'typed_per_filter_config'),
          cause: `ext_authz is disabled for ${named(open.map(({ place }) => place))}.`,
        },
      ];
}

const badProvider: Rule<EnvoyInput> = {
  id: 'K79',
  title: 'Istio denies every request because of a bad provider',
  severity: 'error',
  effect:
    'Istio replaced the check by a rule that denies every request of the policy with `RBAC: access denied`. The service gets no checks.',
  fix: 'Correct the provider: its name is a DNS label, `service` is the full name of an existing Service, and `port` is a port of it. A workload can have one provider. The log of istiod names the mistake.',
  check: ({ url, envoy }) =>
    badPolicies(envoy).map(({ object, policy }) => ({
      place: { file: url, object, path: 'rules.policies' },
      cause: `The policy ${policy} denies what its AuthorizationPolicy matches.`,
    })),
};

/** The policies that istiod writes instead of a check, if the provider is not usable. */
function badPolicies({
  chains,
}: EnvoyConfig): readonly { readonly object: string; readonly policy: string }[] {
  return chains.flatMap((chain) =>
    chain.filters
      .filter(({ type }) => type === 'RBAC')
      .flatMap(({ name, config }) =>
        Object.keys(messageAt(config, 'rules', 'policies'))
          .filter((policy) => policy.endsWith('-deny-due-to-bad-CUSTOM-action'))
          .map((policy) => ({ object: `${chain.place}, filter ${name}`, policy })),
      ),
  );
}

const rejectedUpdate: Rule<EnvoyInput> = {
  id: 'K82',
  title: 'Configuration that Envoy rejected',
  severity: 'error',
  effect: 'Envoy still uses an earlier configuration. A change of the mesh has no effect here.',
  fix: 'Correct the resource that the message names: for Istio, an EnvoyFilter is the usual cause.',
  check: ({ url, envoy }) =>
    envoy.rejected.map(({ name, details }) => ({
      place: { file: url, object: name, path: '' },
      cause: `Envoy rejected the last update${details === '' ? '' : `: ${details.slice(0, 300)}`}.`,
    })),
};

/** The rules about the way of each request and about checks without a response. */
export const checkRules: readonly Rule<EnvoyInput>[] = [
  asksNobody,
  uncheckedWay,
  failureMode,
  timeout,
  requestBody,
  statusOnError,
  notEveryRequest,
  badProvider,
  rejectedUpdate,
];

function named(names: readonly string[]): string {
  const first = names.slice(0, mostRoutes).join(', ');
  return names.length > mostRoutes ? `${first} and ${names.length - mostRoutes} more` : first;
}
