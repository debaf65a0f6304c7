/** Rules of `doctor` about our own configuration: what is valid but probably not intended. */
import type { Config } from '../../../config/declare/options.ts';
import { rulesOf } from '../../../config/rules/rule-problems.ts';
import { hasShadowMode } from '../../../config/rules/shadow-mode.ts';
import { formatDuration } from '../../../config/values/units.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';

/** The input of the rules. */
export interface ConfigInput {
  readonly config: Config;
  /** The file with the configuration. */
  readonly source: string;
}

type Judgment = Omit<Found, 'place'> & { readonly path: string };

/** Makes the check of a rule from judgments about options. */
const about =
  (judge: (config: Config) => readonly (Judgment | false)[]) =>
  ({ config, source }: ConfigInput): readonly Found[] =>
    judge(config)
      .filter((one) => one !== false)
      .map(({ path, ...found }) => ({ place: { file: source, object: '', path }, ...found }));

const otherServices: Rule<ConfigInput> = {
  id: 'K92',
  title: 'Token that another client or service can use',
  severity: 'warning',
  effect: 'A service that receives such a token can send it here, and the authorizer allows it.',
  fix: 'Set `audiences` to the audience of this API.',
  check: about((config) =>
    config.issuers.flatMap(({ anyAudience, boundTokens, name, requiredClaims }, index) => [
      anyAudience &&
        !requiresAudience(config, name) && {
          path: `issuers[${index}].anyAudience`,
          cause: 'Tokens for any audience are accepted, and not every rule requires one.',
          // A claim such as the client can take the place of the audience.
          severity: Object.keys(requiredClaims).length > 0 ? 'note' : 'warning',
        },
      boundTokens === 'asBearer' && {
        path: `issuers[${index}].boundTokens`,
        cause: 'Tokens that are bound to a key or a certificate are accepted from any client.',
        effect: 'A client that steals a bound token can use it.',
        fix: 'Set `boundTokens: verify`, with `dpop.origins` or `clientCertificates`.',
      },
    ]),
  ),
};

const plainHttp: Rule<ConfigInput> = {
  id: 'K93',
  title: 'Keys over plain HTTP',
  severity: 'warning',
  effect:
    'An attacker on the network between the authorizer and the issuer can replace the keys, and then sign tokens.',
  fix: 'Use https:// and remove `insecureHttp`. For a private CA, set `caFile`.',
  check: about(({ issuers }) =>
    issuers.map(
      ({ insecureHttp }, index) =>
        insecureHttp && {
          path: `issuers[${index}].insecureHttp`,
          cause: 'The endpoints of the issuer may use http://.',
        },
    ),
  ),
};

const failureMode: Rule<ConfigInput> = {
  id: 'K94',
  title: "Requests that Envoy's failure mode decides",
  severity: 'warning',
  effect:
    'While an issuer has no usable key, the failure mode of Envoy decides. With `failOpen: true`, any token that names this issuer is allowed.',
  fix: 'Remove `whenUnavailable: error`, or verify that no entry has `failOpen: true`.',
  check: about(({ whenUnavailable }) => [
    whenUnavailable === 'error' && { path: 'whenUnavailable', cause: '`whenUnavailable` is `error`.' },
  ]),
};

const notEnforced: Rule<ConfigInput> = {
  id: 'K95',
  title: 'Denials without effect',
  severity: 'warning',
  effect: 'Requests that the rules deny are allowed, without an identity.',
  fix: 'Remove `mode: shadow` when the metric `oidc_authz_checks_shadow_total` shows no request that you want to allow.',
  check: about((config) => [
    hasShadowMode(config) && { path: shadowPath(config), cause: '`mode: shadow` is set.' },
    config.shadow.authorizer !== '' && {
      path: 'shadow.authorizer',
      cause: 'The incumbent (the authorizer that decides while `shadow.authorizer` is set) decides.',
      severity: 'note',
      effect: 'The decisions of this service are only compared with those of the incumbent.',
      fix: 'Remove `shadow.authorizer` when the comparison shows no difference.',
    },
  ]),
};

const noEffect: Rule<ConfigInput> = {
  id: 'K96',
  title: 'Option without effect',
  severity: 'warning',
  effect: 'The configuration does not do what the option says.',
  fix: 'Remove the option, or set the one that it needs.',
  check: about((config) => {
    const verifies = config.issuers.some(({ boundTokens }) => boundTokens === 'verify');
    const { trustedHops, trustedProxyUri } = config.clientCertificates;
    const removes = config.identityHeaders === 'remove';
    const ownClaims = rulesOf(config).some((rule) => (rule.outputClaimToHeaders ?? []).length > 0);
    return [
      removes &&
        ownClaims && {
          path: 'identityHeaders',
          cause: '`identityHeaders: remove` removes the headers of `outputClaimToHeaders` in rules.',
        },
      removes &&
        config.outputTokenToHeader !== '' &&
        config.compat === 'none' && {
          path: 'outputTokenToHeader',
          cause: '`identityHeaders: remove` removes the header of `outputTokenToHeader`.',
        },
      config.dpop.origins.length > 0 &&
        !verifies && {
          path: 'dpop.origins',
          cause: 'No issuer has `boundTokens: verify`, so no proof is verified.',
        },
      (trustedHops > 0 || trustedProxyUri !== '') &&
        !verifies && {
          path: 'clientCertificates',
          cause: 'No issuer has `boundTokens: verify`, so no client certificate is verified.',
        },
    ];
  }),
};

const timing: Rule<ConfigInput> = {
  id: 'K98',
  title: 'Time or size that is unusual',
  severity: 'note',
  effect: 'The value is valid but rarely intended.',
  fix: 'Remove the option to use its default.',
  check: about(({ keys, issuers, cache, limits }) => [
    keys.maxStale === 0 && {
      path: 'keys.maxStale',
      cause: '`keys.maxStale` is 0s.',
      severity: 'warning',
      effect: 'A single failed fetch of the keys denies every request until the next successful one.',
    },
    ...issuers.map(
      ({ clockTolerance }, index) =>
        clockTolerance > 60_000 && {
          path: `issuers[${index}].clockTolerance`,
          cause: `\`clockTolerance\` is ${formatDuration(clockTolerance)}.`,
          effect: 'An expired token is accepted for this time.',
          fix: 'Synchronize the clocks, and use 30 s.',
        },
    ),
    cache.maxEntries === 0 && {
      path: 'cache.maxEntries',
      cause: 'The cache of verified tokens is disabled.',
      effect: 'Each check verifies a signature, which costs much more CPU.',
    },
    limits.checkDeadline > usualMeshTimeout * 0.8 && {
      path: 'limits.checkDeadline',
      cause: `\`limits.checkDeadline\` is ${formatDuration(limits.checkDeadline)}, and \`limits.meshTimeout\` is ${formatDuration(limits.meshTimeout)}.`,
      effect: `With the recommended timeout of ${formatDuration(usualMeshTimeout)} in an entry, Envoy applies its failure mode before the service responds.`,
      fix: 'Verify that every entry of the mesh has the timeout of `limits.meshTimeout`.',
    },
  ]),
};

const exposure: Rule<ConfigInput> = {
  id: 'K99',
  title: 'Data or access that reaches more people than needed',
  severity: 'note',
  effect: 'The data is readable in more places than the decision needs.',
  fix: 'Remove the option if you do not need it.',
  check: about((config) => [
    config.log.subject && {
      path: 'log.subject',
      cause: 'Log records contain the subject of each token.',
      effect: 'The logs contain personal data, which your retention rules must cover.',
    },
    config.outputTokenToHeader !== '' &&
      config.forwardOriginalToken &&
      config.identityHeaders === 'set' &&
      config.compat === 'none' && {
        path: 'outputTokenToHeader',
        cause: 'The workload receives the token in `authorization` and in another header.',
        effect: 'The request headers are larger, and the token can reach more logs.',
        fix: 'Remove `outputTokenToHeader`, or set `forwardOriginalToken: false`.',
      },
    config.noRuleMatches === 'token' &&
      rulesOf(config).some(({ deny }) => deny) && {
        path: 'noRuleMatches',
        cause: '`noRuleMatches` is `token`, and some rules only deny.',
        effect:
          'A request that a deny rule misses, for example by a path that it does not list, is allowed with any valid token.',
        fix: 'List what is allowed, and set `noRuleMatches: deny`.',
      },
    config.admin.tls === undefined &&
      ['0.0.0.0', '::', '[::]'].includes(config.admin.host ?? '') && {
        path: 'admin.host',
        cause: 'The admin listener has no TLS, and listens on all addresses.',
        effect: 'Every client that reaches the port can read the metrics and the names of the issuers.',
        fix: 'Allow only the kubelet and Prometheus with a NetworkPolicy, or set `admin.tls`.',
      },
  ]),
};

/** The timeout of an entry that the documentation recommends, in milliseconds. */
const usualMeshTimeout = 2_000;

/** All rules about a configuration. */
export const configRules: readonly Rule<ConfigInput>[] = [
  otherServices,
  plainHttp,
  failureMode,
  notEnforced,
  noEffect,
  timing,
  exposure,
];

/** Whether every rule that accepts tokens of an issuer requires an audience. */
function requiresAudience(config: Config, issuer: string): boolean {
  const rules = rulesOf(config).filter(
    ({ require }) => require !== undefined && (require.issuers?.includes(issuer) ?? true),
  );
  const acceptsUnmatched = [config, ...(config.policies ?? [])].some(
    ({ noRuleMatches }) => (noRuleMatches ?? config.noRuleMatches) === 'token',
  );
  return (
    rulesOf(config).length > 0 &&
    !acceptsUnmatched &&
    rules.every(({ require }) => require?.audiences !== undefined)
  );
}

function shadowPath({ mode, rules = [], policies = [] }: Config): string {
  if (mode === 'shadow') return 'mode';
  const policy = policies.findIndex((one) => one.mode === 'shadow');
  if (policy >= 0) return `policies[${policy}].mode`;
  const rule = rules.findIndex((one) => one.mode === 'shadow');
  return rule >= 0 ? `rules[${rule}].mode` : 'policies';
}
