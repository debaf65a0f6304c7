/** Rules of `doctor --envoy` about the order of HTTP filters: which filters run before and after the check. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { HttpFilter } from './config-dump.ts';
import { type AuthzFilter, chainPlace, checkedChains, type EnvoyInput, filterPlace } from './input.ts';
import { listAt, messageAt, textAt, valueAt } from './message.ts';

const twoFilters: Rule<EnvoyInput> = {
  id: 'K71',
  title: 'Two ext_authz filters on one listener',
  severity: 'warning',
  effect:
    'Both authorizers decide, one after the other. The later one can replace identity headers of the earlier one, and each check costs twice.',
  fix: 'Keep one ext_authz filter. If both are intended, let only one of them set identity headers (`identityHeaders: remove` in the other).',
  check: (input) =>
    checkedChains(input).flatMap((chain): Found[] => {
      const own = input.filters.filter((one) => one.chain === chain && !one.filter.isDisabled);
      return own.length < 2
        ? []
        : [
            {
              place: chainPlace(input, chain, 'http_filters'),
              cause: `${own.length} filters send checks, to ${own.map(({ cluster, filter }) => cluster || filter.name).join(' and ')}.`,
            },
          ];
    }),
};

const order: Rule<EnvoyInput> = {
  id: 'K72',
  title: 'Filter before or after the check that changes its meaning',
  severity: 'warning',
  effect:
    'The workload can receive other identity headers than the service set, or the service does not see what the client sent.',
  fix: 'Move the ext_authz filter directly in front of the filters that need an identity, and let no later filter set identity headers.',
  check: (input) =>
    input.filters.flatMap((one) => [...problemsBefore(input, one), ...problemsAfter(input, one)]),
};

/** The rules about the order of filters. */
export const orderRules: readonly Rule<EnvoyInput>[] = [twoFilters, order];

function problemsBefore(input: EnvoyInput, one: AuthzFilter): readonly Found[] {
  const place = filterPlace(input, one, 'http_filters');
  const before = one.chain.filters.slice(0, one.index);
  const after = one.chain.filters.slice(one.index + 1);
  const removed = before.filter((filter) => filter.type === 'JwtAuthentication' && removesToken(filter));
  const deciding = before.filter((filter) => decidesItself(filter) && !removed.includes(filter));
  const lateCors = input.config !== undefined && !allowsPreflight(input) && after.some(isCors);
  return [
    ...removed.map(
      ({ name }): Found => ({
        place,
        cause: `${name} runs before it and removes the token from the request (a provider without \`forward: true\`).`,
        severity: 'error',
        effect: 'The service sees no token and denies every request.',
        fix: `Set \`forward: true\` for each provider of ${name}, or move it behind ext_authz.`,
      }),
    ),
    ...(deciding.length === 0
      ? []
      : [
          {
            place,
            cause: `${deciding.map(({ name }) => name).join(', ')} can deny requests before it.`,
            severity: 'note',
            effect:
              'The client gets the response of that filter. The service does not see the request: it has no record and no decision ID.',
            fix: 'Move the filter behind ext_authz, unless this is intended.',
          } as const,
        ]),
    ...(lateCors
      ? [
          {
            place,
            cause: 'The cors filter runs after it, and no rule has `allowPreflight: true`.',
            severity: 'note',
            effect: 'Preflight requests carry no token, so the service denies them.',
            fix: 'Move the cors filter in front of ext_authz, or set `allowPreflight: true` in the rules.',
          } as const,
        ]
      : []),
  ];
}

function problemsAfter(input: EnvoyInput, one: AuthzFilter): readonly Found[] {
  const after = one.chain.filters.slice(one.index + 1);
  const place = filterPlace(input, one, 'http_filters');
  const writers = after.filter(({ type }) => headerWriters.has(type)).map(({ name }) => name);
  const claimWriters = after.filter(
    (filter) => filter.type === 'JwtAuthentication' && setsClaimHeaders(filter),
  );
  const names = [...writers, ...claimWriters.map(({ name }) => name)];
  const clearsRoutes = valueAt(one.config, 'clear_route_cache') === true;
  return [
    ...(names.length === 0
      ? []
      : [
          {
            place,
            cause: `${names.join(', ')} ${names.length === 1 ? 'runs' : 'run'} after it and can set request headers.`,
            effect: 'The workload can receive other identity headers than the service set.',
            fix: 'Verify that the filter sets none of the identity headers, or move it in front of ext_authz.',
          },
        ]),
    ...(clearsRoutes
      ? [
          {
            place: filterPlace(input, one, 'clear_route_cache'),
            cause: 'clear_route_cache is true: Envoy selects the route again after the check.',
            severity: 'note',
            effect:
              'A header of the response can select another route than the one that was checked, with other settings for filters.',
            fix: 'Remove `clear_route_cache`, unless routes match headers that the service sets.',
          } as const,
        ]
      : []),
  ];
}

/** The types of filters that can set any request header. */
const headerWriters: ReadonlySet<string> = new Set([
  'Lua',
  'HeaderMutation',
  'ExternalProcessor',
  'Wasm',
  'DynamicModuleFilter',
]);

/** Whether a filter verifies tokens or enforces a policy. Shadow rules enforce nothing. */
function decidesItself({ type, config }: HttpFilter): boolean {
  return (
    (type === 'JwtAuthentication' && listAt(config, 'rules').length > 0) ||
    (type === 'RBAC' && valueAt(config, 'rules') !== undefined)
  );
}

function isCors({ type }: HttpFilter): boolean {
  return type === 'Cors';
}

function removesToken({ config }: HttpFilter): boolean {
  return Object.values(messageAt(config, 'providers')).some(
    (provider) => valueAt(provider, 'forward') !== true && readsAuthorization(provider),
  );
}

function readsAuthorization(provider: unknown): boolean {
  const headers = listAt(provider, 'from_headers');
  const others = [...listAt(provider, 'from_params'), ...listAt(provider, 'from_cookies')];
  if (headers.length === 0) return others.length === 0;
  return headers.some((header) => textAt(header, 'name').toLowerCase() === 'authorization');
}

function setsClaimHeaders({ config }: HttpFilter): boolean {
  return Object.values(messageAt(config, 'providers')).some(
    (provider) =>
      listAt(provider, 'claim_to_headers').length > 0 || textAt(provider, 'forward_payload_header') !== '',
  );
}

function allowsPreflight({ config }: EnvoyInput): boolean {
  const rules = [...(config?.rules ?? []), ...(config?.policies ?? []).flatMap((policy) => policy.rules)];
  return rules.some(({ allowPreflight }) => allowPreflight);
}
