/** Rules of `doctor --envoy` about a login: the headers that Envoy passes, and its timeout. */
import { entryHeaders, entryHeadersWithoutLogin } from '../../../config/rules/entry-headers.ts';
import { formatDuration } from '../../../config/values/units.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { effectsOfMissingHeaders, headersOfLogin } from '../rules/k04-headers-of-a-login.ts';
import { loginTimeout, timeoutOfLogin } from '../rules/k42-timeout-of-a-login.ts';
import { nameList } from '../world/header-lists.ts';
import { isListed } from './header-list.ts';
import { isSentByEnvoy } from './header-rules.ts';
import { type AuthzFilter, type EnvoyInput, filterPlace } from './input.ts';
import { valueAt } from './message.ts';

const headers: Rule<EnvoyInput> = {
  ...headersOfLogin,
  check: (input) => {
    const { config } = input;
    if (config?.login === undefined) return [];
    const needed = entryHeaders(config);
    const others = entryHeadersWithoutLogin(config);
    const include = needed.include.filter((header) => !others.include.includes(header));
    return input.filters.flatMap((one) => {
      const missing = include.filter((header) => !isSentByEnvoy(one, header));
      return [
        ...(one.transport === 'http' ? responseLists(input, one, needed.toBrowserOnAllow) : []),
        ...(missing.length === 0
          ? []
          : [
              {
                place: filterPlace(input, one, 'allowed_headers'),
                cause: `A check does not contain ${missing.join(', ')}.`,
                effect: effectsOfMissingHeaders.include,
                fix: fixOf(
                  missing,
                  'allowed_headers',
                  'Istio: `includeRequestHeadersInCheck`; Kyma: `inCheck.include`',
                  one.transport === 'grpc' ? ', and remove them from `disallowed_headers`' : '',
                ),
              },
            ]),
      ];
    });
  },
};

function responseLists(input: EnvoyInput, one: AuthzFilter, toBrowser: readonly string[]): Found[] {
  const path = (list: string) => ['http_service', 'authorization_response', list] as const;
  const lacks = (list: string, header: string) => !isListed(valueAt(one.config, ...path(list)), header);
  const found = (list: string, header: string, more: Omit<Found, 'place' | 'cause'>): Found[] =>
    lacks(list, header)
      ? [
          {
            place: filterPlace(input, one, path(list).join('.')),
            cause: `The list does not contain ${header}.`,
            ...more,
          },
        ]
      : [];
  return [
    ...toBrowser.flatMap((header) =>
      found('allowed_client_headers_on_success', header, {
        effect: effectsOfMissingHeaders.toBrowser,
        fix: fixOf(
          [header],
          'allowed_client_headers_on_success',
          'Istio: `headersToDownstreamOnAllow`; Kyma: `toDownstream.onAllow`',
        ),
      }),
    ),
    ...found('allowed_upstream_headers', 'cookie', {
      severity: 'warning',
      effect: effectsOfMissingHeaders.cookie,
      fix: fixOf(
        ['cookie'],
        'allowed_upstream_headers',
        'Istio: `headersToUpstreamOnAllow`; Kyma: `toUpstream.onAllow`',
      ),
    }),
  ];
}

function fixOf(headers: readonly string[], list: string, otherNames: string, more = ''): string {
  return `Add ${nameList(headers)} to \`${list}\`${more} (${otherNames}). \`oidc-authz generate\` writes all lists.`;
}

const timeout: Rule<EnvoyInput> = {
  ...timeoutOfLogin,
  check: (input) =>
    input.config?.login === undefined
      ? []
      : input.filters.flatMap((one): Found[] =>
          one.timeout === undefined || one.timeout === 0 || one.timeout >= loginTimeout
            ? []
            : [
                {
                  place: filterPlace(
                    input,
                    one,
                    one.transport === 'http' ? 'http_service.server_uri.timeout' : 'grpc_service.timeout',
                  ),
                  cause: `The timeout is ${formatDuration(one.timeout)}.`,
                },
              ],
        ),
};

/** The rules about a login. */
export const loginRules: readonly Rule<EnvoyInput>[] = [headers, timeout];
