/** Rules of `doctor --envoy`: do Envoy, the service and the workload read a request in the same way? */
import type { Config } from '../../../config/declare/options.ts';
import { rulesOf } from '../../../config/rules/rule-problems.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { HttpChain } from './config-dump.ts';
import { chainPlace, checkedChains, type EnvoyInput, filterPlace } from './input.ts';
import { textAt, valueAt } from './message.ts';

type Judge = (input: EnvoyInput, config: Config, chain: HttpChain) => readonly Found[];

/** Applies a judgment to each connection manager that sends checks, if there is a configuration to compare with. */
const onEachChain = (judge: Judge) => (input: EnvoyInput) => {
  const { config } = input;
  return config === undefined ? [] : checkedChains(input).flatMap((chain) => judge(input, config, chain));
};

const paths: Rule<EnvoyInput> = {
  id: 'K76',
  title: 'Path or header that Envoy does not normalize',
  severity: 'warning',
  effect:
    'Envoy, the service and the workload can read the same path differently. The service denies such a path as `path_ambiguous` if rules match paths.',
  fix: 'Set `normalize_path: true`, `merge_slashes: true` and `path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT` (Istio: `pathNormalization.normalization: DECODE_AND_MERGE_SLASHES`).',
  needsConfig: true,
  check: onEachChain((input, config, chain) => {
    const { manager } = chain;
    const place = (path: string) => chainPlace(input, chain, path);
    const isLax =
      valueAt(manager, 'common_http_protocol_options', 'headers_with_underscores_action') ?? 'ALLOW';
    const underscores: Found[] =
      isLax === 'ALLOW' && config.identityHeaders === 'set'
        ? [
            {
              place: place('common_http_protocol_options.headers_with_underscores_action'),
              cause: 'Headers with underscores are accepted.',
              severity: 'note',
              effect:
                'Some workloads read `x_auth_request_user` as `x-auth-request-user`. The service removes these spellings from each request that it allows; Envoy does not if it allows a request without a response.',
              fix: 'Set `headers_with_underscores_action: DROP_HEADER`, if no client needs such headers.',
            },
          ]
        : [];
    if (!rulesOf(config).some(({ match }) => match.paths !== undefined)) return underscores;
    const escaped = textAt(manager, 'path_with_escaped_slashes_action') || 'IMPLEMENTATION_SPECIFIC_DEFAULT';
    const isKept = ['IMPLEMENTATION_SPECIFIC_DEFAULT', 'KEEP_UNCHANGED'].includes(escaped);
    return [
      ...underscores,
      ...(valueAt(manager, 'normalize_path') === true
        ? []
        : [
            {
              place: place('normalize_path'),
              cause: 'Envoy does not resolve `.` and `..` in paths, and rules match paths.',
            },
          ]),
      ...(valueAt(manager, 'merge_slashes') === true
        ? []
        : [
            {
              place: place('merge_slashes'),
              cause: 'Envoy does not merge `//`, and rules match paths.',
              severity: 'note',
            } as const,
          ]),
      ...(isKept
        ? [
            {
              place: place('path_with_escaped_slashes_action'),
              cause: 'Envoy does not decode `%2F`, and rules match paths.',
              severity: 'note',
            } as const,
          ]
        : []),
    ];
  }),
};

const hostPorts: Rule<EnvoyInput> = {
  id: 'K77',
  title: 'Port in the host that Envoy and the rules treat differently',
  severity: 'error',
  effect:
    'A client adds a port to the host. Envoy then selects another route than the one whose rule the service applies.',
  fix: 'Set `hosts.ports: exact`. Use `ignore` only if the route configuration has `ignore_port_in_host_matching: true`, as in Istio.',
  needsConfig: true,
  check: onEachChain((input, config, chain) => {
    if (!rulesOf(config).some(({ match }) => match.hosts !== undefined)) return [];
    const ignores = valueAt(chain.routes, 'ignore_port_in_host_matching') === true;
    const strips = ['strip_any_host_port', 'strip_matching_host_port'].filter(
      (option) => valueAt(chain.manager, option) === true,
    );
    if (config.hosts.ports === 'exact')
      return ignores
        ? [
            {
              place: chainPlace(input, chain, 'route_config.ignore_port_in_host_matching'),
              cause: 'Envoy ignores the port of the host, and `hosts.ports` is `exact`.',
              severity: 'note',
              effect:
                'The service can deny a request with a port in its host as `host_ambiguous`, although Envoy routes it.',
              fix: 'Set `hosts.ports: ignore`.',
            },
          ]
        : [];
    if (strips.length > 0)
      return [
        {
          place: chainPlace(input, chain, strips.join(', ')),
          cause: '`hosts.ports` is `ignore`, and Envoy removes only one port of a host such as a:80:80.',
        },
      ];
    return ignores || chain.routes === undefined
      ? []
      : [
          {
            place: chainPlace(input, chain, 'route_config.ignore_port_in_host_matching'),
            cause: '`hosts.ports` is `ignore`, and Envoy compares the whole host, with its port.',
          },
        ];
  }),
};

const client: Rule<EnvoyInput> = {
  id: 'K78',
  title: 'Client address or certificate that Envoy does not report',
  severity: 'error',
  effect:
    'The service takes the address or the certificate from a header that the client can set, or it gets none.',
  fix: 'See the sections about client addresses in docs/rules.md and about client certificates in docs/bound-tokens.md.',
  needsConfig: true,
  check: onEachChain((input, config, chain) => [
    ...addressProblems(input, config, chain),
    ...certificateProblems(input, config, chain),
  ]),
};

/** The rules about how a request is read. */
export const readingRules: readonly Rule<EnvoyInput>[] = [paths, hostPorts, client];

function addressProblems(input: EnvoyInput, config: Config, chain: HttpChain): readonly Found[] {
  const usesAddresses = rulesOf(config).some(({ match }) => match.addresses !== undefined);
  if (!usesAddresses || config.clientAddress.header !== 'x-forwarded-for') return [];
  const skips = valueAt(chain.manager, 'skip_xff_append') === true;
  const isEdge = valueAt(chain.manager, 'use_remote_address') === true;
  const effect =
    'The last address in `x-forwarded-for` can come from the client: it selects the rules that match its address.';
  if (isEdge && skips)
    return [
      {
        place: chainPlace(input, chain, 'skip_xff_append'),
        cause:
          'Envoy does not append the address of the client to x-forwarded-for, and rules match addresses.',
        effect,
        fix: 'Remove `skip_xff_append`.',
      },
    ];
  // In a sidecar, the gateway in front appends the address.
  return isEdge || chain.direction === 'INBOUND'
    ? []
    : [
        {
          place: chainPlace(input, chain, 'use_remote_address'),
          cause:
            'use_remote_address is false, so Envoy does not append the address of the client to x-forwarded-for, and rules match addresses.',
          severity: 'warning',
          effect,
          fix: 'Set `use_remote_address: true`, unless a proxy in front appends the address and clients cannot reach this Envoy directly.',
        },
      ];
}

function certificateProblems(input: EnvoyInput, config: Config, chain: HttpChain): readonly Found[] {
  const { trustedHops, trustedProxyUri } = config.clientCertificates;
  const readsHeader = trustedHops > 0 || trustedProxyUri !== '';
  const forwards = textAt(chain.manager, 'forward_client_cert_details') || 'SANITIZE';
  const place = chainPlace(input, chain, 'forward_client_cert_details');
  if (readsHeader) {
    const causes: Readonly<Record<string, string>> = {
      SANITIZE: 'Envoy removes x-forwarded-client-cert from each request, and `clientCertificates` needs it.',
      ALWAYS_FORWARD_ONLY:
        'Envoy forwards x-forwarded-client-cert as the client sent it, and `clientCertificates` trusts it.',
      FORWARD_ONLY:
        'Envoy adds no element to x-forwarded-client-cert, so the last element is not from this Envoy.',
    };
    const cause = causes[forwards];
    if (cause === undefined) return [];
    return [
      {
        place,
        cause,
        effect:
          forwards === 'SANITIZE'
            ? 'The service denies each token that is bound to a certificate (`proof_invalid`).'
            : 'A client can claim a certificate that it does not have.',
        fix: 'Set `forward_client_cert_details: SANITIZE_SET`.',
      },
    ];
  }
  const verifies = config.issuers.some(({ boundTokens }) => boundTokens === 'verify');
  if (!verifies || config.dpop.origins.length > 0) return [];
  return input.filters
    .filter((one) => one.chain === chain)
    .filter((one) => one.transport === 'http' || valueAt(one.config, 'include_peer_certificate') !== true)
    .map((one) => ({
      place: filterPlace(input, one, 'include_peer_certificate'),
      cause:
        '`boundTokens` is `verify`, but a check contains no client certificate and `dpop.origins` is empty.',
      severity: 'warning',
      effect: 'The service denies every bound token.',
      fix: 'Set `include_peer_certificate: true` (gRPC only), or `clientCertificates`, or `dpop.origins`.',
    }));
}
