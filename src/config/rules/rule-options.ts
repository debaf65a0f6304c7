/** The options of rules and policies: what a request needs, by its host, path and method. */

import { claimHeaders } from '../declare/header-options.ts';
import { type Output, z } from '../schema/schema.ts';
import {
  anyHeaderName,
  boolean,
  claimKey,
  claimRequirement,
  headerName,
  multilineText,
  network,
  oneOf,
  scopeToken,
  text,
} from '../values/schemas.ts';
import { host } from './host-option.ts';
import { pathPatternProblem } from './patterns.ts';

const path = () =>
  z
    .string()
    .superRefine((value, context) => {
      const message = pathPatternProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ title: 'a path such as /orders/{*} or /orders/{**}' });

const method = () =>
  z
    .string()
    .regex(/^[A-Z][A-Z-]*$/)
    .meta({ title: 'a method in capitals, such as GET' });

const ruleName = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62})$/)
    .meta({ title: 'a name of letters, digits, dots, hyphens and underscores' });

/** One rule. */
const rule = z.strictObject({
  name: ruleName().describe('Name of the rule in metrics, logs and dynamic metadata.'),
  match: z
    .strictObject({
      hosts: z
        .array(host())
        .min(1)
        .optional()
        .meta({ title: 'a list of hosts' })
        .describe(
          'Hosts: an exact name, or `*.` and a domain for every name below it. A host with a port matches that port only. Absent: all hosts.',
        ),
      paths: z
        .array(path())
        .min(1)
        .optional()
        .meta({ title: 'a list of paths' })
        .describe(
          'Paths. `{*}` matches one segment, `{**}` at the end matches the rest, `/*` matches every path. Absent: all paths.',
        ),
      methods: z
        .array(method())
        .min(1)
        .optional()
        .meta({ title: 'a list of methods' })
        .describe(
          'Methods. Absent: all methods. If the list has `OPTIONS`, a preflight request is allowed only if the list also has the method that it requests.',
        ),
      headers: z
        .record(
          z.string().toLowerCase(),
          z.union([z.string(), z.literal(true)]).meta({ title: 'a value, or true' }),
        )
        .default({})
        .describe(
          'Headers that must have exactly this value, or be present (`true`). Each must be one of `trustedHeaders`.',
        ),
      addresses: z
        .array(network())
        .min(1)
        .optional()
        .meta({ title: 'a list of IP addresses and networks' })
        .describe(
          'Client addresses and networks; `clientAddress` says where the address comes from. A client without a known address does not match. Absent: all addresses.',
        ),
    })
    .prefault({}),
  allow: oneOf('anonymous')
    .optional()
    .describe('`anonymous`: allow without a token. The token is ignored, and no identity is forwarded.'),
  deny: z
    .literal(true)
    .optional()
    .meta({ title: 'true' })
    .describe('Deny every request. The token is verified first, so an invalid token gets 401, not 403.'),
  require: z
    .strictObject({
      issuers: z
        .array(text('an issuer name'))
        .min(1)
        .optional()
        .meta({ title: 'a list of issuer names' })
        .describe('Names of the issuers whose tokens are accepted here. Absent: all issuers.'),
      audiences: z
        .array(text('an audience'))
        .min(1)
        .optional()
        .meta({ title: 'a list of audiences' })
        .describe("Audiences. The token must have at least one of them, in addition to one of its issuer's."),
      login: z
        .union([z.array(text('an issuer name')).min(1), oneOf('session', 'never')])
        .optional()
        .meta({ title: 'a list of issuer names, `session` or `never`' })
        .describe(
          'Who may use a session here. A list: people who signed in at one of these issuers; others are sent to log in there. `session`: sessions of every issuer count, and no client is sent to log in. `never`: sessions do not count, only tokens. Absent: as `never`, unless the rule has `login`.',
        ),
      scopes: z.array(scopeToken()).default([]).describe('Scopes that the token must have, all of them.'),
      scopesFromHeader: headerName()
        .optional()
        .describe(
          'A header with more required scopes, separated by spaces or commas, which the mesh sets for each route. It can only add scopes: the request is denied if the header is absent or repeated. The upstream never receives it.',
        ),
      anyScopes: z
        .array(scopeToken())
        .min(1)
        .optional()
        .meta({ title: 'a list of scopes' })
        .describe('Scopes. The token must have at least one of them.'),
      claims: z
        .record(claimKey(), claimRequirement())
        .default({})
        .describe('Claims that the token must have, in the form of `issuers[].requiredClaims`.'),
      expression: multilineText('an expression')
        .optional()
        .describe(
          'An expression in the Common Expression Language over `claims`, `token`, `request` and `source` that must be true. A request is denied with `rule_failed` if the expression cannot be evaluated.',
        ),
    })
    .optional()
    .describe('What the token must have. `{}` accepts every valid token.'),
  allowPreflight: boolean()
    .default(false)
    .describe(
      'Whether to allow a preflight request without a token: `OPTIONS` with one `Origin` and one `Access-Control-Request-Method`, if the rule matches the requested method.',
    ),
  outputClaimToHeaders: claimHeaders()
    .optional()
    .describe(
      'Headers and claims to forward, instead of the general `outputClaimToHeaders`. Headers of other rules are removed.',
    ),
  login: oneOf('navigation', 'always', 'never')
    .optional()
    .describe(
      'Who is sent to log in by this rule. `navigation`: a browser that opens a page. `always`: every `GET` without a session. `never`: no client, and sessions do not count. Default: `login.when`, if `require.login` lists issuers.',
    ),
  requireSameOrigin: boolean()
    .optional()
    .describe(
      'Whether a session allows requests that change something only from pages of the same origin. Default: `login.requireSameOrigin`.',
    ),
  mode: oneOf('enforce', 'shadow')
    .optional()
    .describe(
      '`shadow`: a request that the rule would deny is allowed, logged and counted. Default: the `mode` of the policy, or the general one.',
    ),
});

const ruleList = () => z.array(rule).min(1);

/** The options of rules. A list without rules would deny everything, so it is an error. */
export const ruleOptions = {
  rules: ruleList()
    .optional()
    .meta({ title: 'a list of at least one rule' })
    .describe(
      'Rules. The first rule that matches the request decides. Absent: every request needs a valid token of any configured issuer.',
    ),
  policies: z
    .array(
      z.strictObject({
        name: ruleName().describe('Name of the policy in metrics, logs and dynamic metadata.'),
        pathPrefix: z
          .string()
          .regex(/^(\/[A-Za-z0-9._~-]+)+$/)
          .meta({ title: 'a path such as /team-a, without a slash at its end' })
          .describe(
            "The path prefix that the team's entry in the mesh adds to every check (`pathPrefix`). It is removed before rules read the path.",
          ),
        rules: ruleList()
          .meta({ title: 'a list of at least one rule' })
          .describe('Rules of this policy, like `rules`.'),
        noRuleMatches: oneOf('deny', 'token')
          .optional()
          .describe('Like the general `noRuleMatches`. Default: the value of that option.'),
        mode: oneOf('enforce', 'shadow')
          .optional()
          .describe('Like the general `mode`. Default: the value of that option.'),
      }),
    )
    .min(1)
    .optional()
    .meta({ title: 'a list of at least one policy' })
    .describe(
      'Policies: one set of rules for each entry in the mesh that uses this service. They replace `rules`.',
    ),
  grpcPolicy: text('a policy name')
    .optional()
    .describe(
      'The policy for gRPC checks without `context_extensions.policy` in their route. Absent: these checks are denied.',
    ),
  noRuleMatches: oneOf('deny', 'token')
    .default('deny')
    .describe('The result if no rule matches: `deny` denies the request, `token` accepts any valid token.'),
  mode: oneOf('enforce', 'shadow')
    .default('enforce')
    .describe(
      '`shadow`: a request that the rules would deny is allowed without an identity, logged and counted. Use it to test rules.',
    ),
  paths: z
    .strictObject({
      ignoreCase: boolean()
        .default(false)
        .describe(
          'Whether rules that deny or require something also match paths that differ only in upper and lower case. Set it if the workload ignores case. It never allows more: `allow: anonymous` still matches exactly.',
        ),
      ignoreTrailingSlash: boolean()
        .default(false)
        .describe(
          'Like `paths.ignoreCase`, for a slash at the end: `/admin` also matches `/admin/`, and `/admin/{**}` also matches `/admin`.',
        ),
    })
    .prefault({}),
  hosts: z
    .strictObject({
      ports: oneOf('exact', 'ignore')
        .default('exact')
        .describe(
          'How rules treat a port in the host. `exact`: a host with a port must select the same rule as without it, or a rule that names the port; otherwise the request is `host_ambiguous`. Use it if the mesh routes by port, as a plain Envoy does. `ignore`: the port is ignored, as Istio does when it routes.',
        ),
    })
    .prefault({}),
  trustedHeaders: z
    .array(anyHeaderName())
    .default([])
    .describe(
      'Headers that rules may read. The mesh must overwrite each of them on every way to the workload.',
    ),
  clientAddress: z
    .strictObject({
      header: anyHeaderName()
        .default('x-forwarded-for')
        .describe(
          'The header with the client address. In `x-forwarded-for`, to which every proxy appends, it is the last address that is not in `trustedProxies`. Any other header must be one of `trustedHeaders`.',
        ),
      trustedProxies: z
        .array(network())
        .default([])
        .describe(
          'Addresses of the load balancers and gateways in front, whose entries in the header are trusted. Required for rules with `addresses`.',
        ),
    })
    .prefault({}),
};

/** A rule of the validated configuration. */
export type RuleConfig = Output<typeof rule>;
