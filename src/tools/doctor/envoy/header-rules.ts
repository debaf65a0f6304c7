/** Rules of `doctor --envoy` about headers and paths: what a check contains, and what Envoy takes from its response. */
import {
  denialHeaders,
  entryHeaders,
  entryHeadersWithoutLogin,
} from '../../../config/rules/entry-headers.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { loginWithoutCookies } from '../rules/k03-headers-of-denials.ts';
import { framingHeaders } from '../world/header-lists.ts';
import { isListed, isListSet } from './header-list.ts';
import { type AuthzFilter, type EnvoyInput, filterPlace } from './input.ts';
import { textAt, valueAt } from './message.ts';

const response = (one: AuthzFilter, list: string) =>
  valueAt(one.config, 'http_service', 'authorization_response', list);

const overHttp = ({ filters }: EnvoyInput) => filters.filter(({ transport }) => transport === 'http');

const upstreamHeaders: Rule<EnvoyInput> = {
  id: 'K64',
  title: 'Identity header that Envoy drops',
  severity: 'error',
  effect:
    'Envoy drops the header of the service. The workload receives the header that the client sent: a client can forge its identity.',
  fix: 'Add the headers to `allowed_upstream_headers` (Istio: `headersToUpstreamOnAllow`; Kyma: `toUpstream.onAllow`).',
  needsConfig: true,
  check: (input) => {
    const { config } = input;
    if (config === undefined) return [];
    return overHttp(input).flatMap((one): Found[] => {
      const list = response(one, 'allowed_upstream_headers');
      const missing = entryHeaders(config).onAllow.filter(
        // K04 is about the cookies of a login.
        (header) => header !== 'cookie' && !isListed(list, header),
      );
      return missing.length === 0
        ? []
        : [
            {
              place: filterPlace(input, one, 'http_service.authorization_response.allowed_upstream_headers'),
              cause: `The service sets ${missing.join(', ')}, which the list does not contain.`,
            },
          ];
    });
  },
};

const ownMessageHeaders: Rule<EnvoyInput> = {
  id: 'K65',
  title: "List that copies the service's own message headers",
  severity: 'error',
  effect:
    'Envoy copies headers such as `content-length` from the response of the service. They replace those of the request or of the response, which breaks messages with a body.',
  fix: 'Replace the pattern by the names of the headers, or by a prefix such as `x-auth-request-`.',
  check: (input) =>
    overHttp(input).flatMap((one) =>
      [
        'allowed_upstream_headers',
        'allowed_upstream_headers_to_append',
        'allowed_client_headers_on_success',
      ].flatMap((name): Found[] => {
        const list = response(one, name);
        const copied = framingHeaders.filter((header) => isListed(list, header));
        return copied.length === 0
          ? []
          : [
              {
                place: filterPlace(input, one, `http_service.authorization_response.${name}`),
                cause: `The list also matches ${copied.join(', ')}.`,
              },
            ];
      }),
    ),
};

/** Whether a check contains a header. */
export function isSentByEnvoy({ config, transport }: AuthzFilter, header: string): boolean {
  const allowed = valueAt(config, 'allowed_headers');
  const legacy = valueAt(config, 'http_service', 'authorization_request', 'allowed_headers');
  const sendsAll = transport === 'grpc' && !isListSet(allowed);
  return (
    (sendsAll || header === 'authorization' || isListed(allowed, header) || isListed(legacy, header)) &&
    !isListed(valueAt(config, 'disallowed_headers'), header)
  );
}

const checkHeaders: Rule<EnvoyInput> = {
  id: 'K66',
  title: 'Header that the check lacks',
  severity: 'error',
  effect:
    'The service does not get the header. Rules, proofs or client certificates that need it deny the request.',
  fix: 'Add the headers to `allowed_headers` (Istio: `includeRequestHeadersInCheck`; Kyma: `inCheck.include`), and remove them from `disallowed_headers`.',
  needsConfig: true,
  check: (input) => {
    const { config } = input;
    if (config === undefined) return [];
    return input.filters.flatMap((one): Found[] => {
      const missing = entryHeadersWithoutLogin(config).include.filter(
        (header) => !isSentByEnvoy(one, header),
      );
      const place = filterPlace(input, one, 'allowed_headers');
      const needed = missing.filter((header) => header !== config.log.requestIdHeader);
      if (needed.length > 0) return [{ place, cause: `A check does not contain ${needed.join(', ')}.` }];
      return missing.length === 0
        ? []
        : [
            {
              place,
              cause: `A check does not contain ${missing.join(', ')}.`,
              severity: 'note',
              effect: 'The log records of the service have no request ID.',
            },
          ];
    });
  },
};

/** Envoy passes these headers of a denial in any case. */
const alwaysPassed = ['www-authenticate', 'content-length', 'location'];

const clientHeaders: Rule<EnvoyInput> = {
  id: 'K67',
  title: 'Header of a denial that Envoy drops',
  severity: 'warning',
  effect:
    'A client that is denied does not get the header: it cannot retry at the right time, or cannot name the decision.',
  fix: 'Add the headers to `allowed_client_headers` (Istio: `headersToDownstreamOnDeny`; Kyma: `toDownstream.onDeny`), or remove the list: without a list, Envoy passes all headers.',
  check: (input) =>
    overHttp(input).flatMap((one): Found[] => {
      const list = response(one, 'allowed_client_headers');
      const needed = input.config === undefined ? denialHeaders : entryHeaders(input.config).onDeny;
      const missing = needed.filter((header) => !alwaysPassed.includes(header) && !isListed(list, header));
      const isLogin = input.config?.login !== undefined && missing.includes('set-cookie');
      return !isListSet(list) || missing.length === 0
        ? []
        : [
            {
              place: filterPlace(input, one, 'http_service.authorization_response.allowed_client_headers'),
              cause: `The list does not contain ${missing.join(', ')}.`,
              ...(isLogin && loginWithoutCookies),
            },
          ];
    }),
};

const pathPrefix: Rule<EnvoyInput> = {
  id: 'K73',
  title: 'Path prefix of the check that the service does not expect',
  severity: 'error',
  effect: 'The service denies the checks, or applies its rules to a path with the prefix.',
  fix: 'Set `http.pathPrefix`, or `pathPrefix` of the policy, to the prefix of the entry.',
  needsConfig: true,
  check: (input) => {
    const { config } = input;
    if (config === undefined) return [];
    const general = config.http.pathPrefix;
    const expected = (config.policies ?? [{ pathPrefix: '' }]).map(
      (policy) => `${general}${policy.pathPrefix}`,
    );
    return overHttp(input).flatMap((one): Found[] => {
      const prefix = textAt(one.config, 'http_service', 'path_prefix');
      const isExpected =
        (config.policies ?? []).length > 0 ? expected.some((text) => prefix === text) : prefix === general;
      return isExpected
        ? []
        : [
            {
              place: filterPlace(input, one, 'http_service.path_prefix'),
              cause: `The prefix is ${JSON.stringify(prefix)}; the service expects ${expected.map((text) => JSON.stringify(text)).join(' or ')}.`,
            },
          ];
    });
  },
};

/** The rules about the headers and the path of a check. */
export const headerRules: readonly Rule<EnvoyInput>[] = [
  upstreamHeaders,
  ownMessageHeaders,
  checkHeaders,
  clientHeaders,
  pathPrefix,
];
