/** Rules: what a request needs, by its host, path and method. */
import * as z from 'zod';
import { claimHeaders } from '../declare/header-options.ts';
import {
  anyHeaderName,
  claimKey,
  claimRequirement,
  flag,
  headerName,
  lines,
  network,
  oneOf,
  scopeToken,
  text,
} from '../values/schemas.ts';
import { hostPatternProblem } from './host-patterns.ts';
import { pathPatternProblem } from './patterns.ts';

const host = () =>
  z
    .string()
    .superRefine((value, context) => {
      const message = hostPatternProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ title: 'a host, or *. and a domain, with or without a port' });

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
          'Hosts, exact or `*.` and a domain, which stands for every name below it; either with a port behind it, then for that port alone. Absent: all.',
        ),
      paths: z
        .array(path())
        .min(1)
        .optional()
        .meta({ title: 'a list of paths' })
        .describe(
          'Paths, in which `{*}` stands for one segment, and `{**}` at the end for the rest; `/*` for all. Absent: all.',
        ),
      methods: z
        .array(method())
        .min(1)
        .optional()
        .meta({ title: 'a list of methods' })
        .describe(
          'Methods. Absent: all. With `OPTIONS` among them, a pre-flight request passes only if the method that it asks for is listed too.',
        ),
      headers: z
        .record(
          z.string().toLowerCase(),
          z.union([z.string(), z.literal(true)]).meta({ title: 'a value, or true' }),
        )
        .default({})
        .describe(
          'Headers that must have exactly this value, or with `true` be there; each one of `trustedHeaders`.',
        ),
      addresses: z
        .array(network())
        .min(1)
        .optional()
        .meta({ title: 'a list of IP addresses and networks' })
        .describe(
          'Addresses of clients, as `clientAddress` tells them. A client whose address cannot be told is in none. Absent: all.',
        ),
    })
    .prefault({}),
  allow: oneOf('anonymous')
    .optional()
    .describe('`anonymous`: no token is looked at, and no identity is forwarded.'),
  deny: z
    .literal(true)
    .optional()
    .meta({ title: 'true' })
    .describe('Refuse, whoever asks; after the token, so that 401 comes before 403.'),
  require: z
    .strictObject({
      issuers: z
        .array(text('the name of an issuer'))
        .min(1)
        .optional()
        .meta({ title: 'a list of names of issuers' })
        .describe('Names of the issuers whose tokens are good here. Absent: all.'),
      audiences: z
        .array(text('an audience'))
        .min(1)
        .optional()
        .meta({ title: 'a list of audiences' })
        .describe("Audiences of which the token must have one, beside one of its issuer's."),
      scopes: z.array(scopeToken()).default([]).describe('Scopes that the token must have, all of them.'),
      scopesFromHeader: headerName()
        .optional()
        .describe(
          'A header that the mesh sets for each route, with further scopes that the token must have, separated by spaces or commas. It can only ask for more: absent or repeated it refuses, and it is removed upstream.',
        ),
      anyScopes: z
        .array(scopeToken())
        .min(1)
        .optional()
        .meta({ title: 'a list of scopes' })
        .describe('Scopes of which the token must have one.'),
      claims: z
        .record(claimKey(), claimRequirement())
        .default({})
        .describe(
          'Claims that the token must have with this value, with one of these, or with a list that holds it; named as in `issuers[].requiredClaims`.',
        ),
      expression: lines('an expression')
        .optional()
        .describe(
          'An expression of the Common Expression Language that must be true, over `claims`, `token` and `request`. One that cannot be evaluated refuses, with `rule_failed`.',
        ),
    })
    .optional()
    .describe('What a token needs; `{}`: to be a good one.'),
  allowPreflight: flag()
    .default(false)
    .describe(
      'Whether `OPTIONS` with one `Origin` and one `Access-Control-Request-Method` passes without a token, if the rule is for the method that it asks for.',
    ),
  outputClaimToHeaders: claimHeaders()
    .optional()
    .describe(
      'The claims that are forwarded instead of the general ones. Headers of other rules are removed.',
    ),
  mode: oneOf('enforce', 'shadow')
    .optional()
    .describe('`shadow`: let pass what the rule would refuse, and log and count it.'),
});

const ruleList = () => z.array(rule).min(1);

/** The options of rules; a list without any rule would refuse everything, so it is a mistake. */
export const ruleOptions = {
  rules: ruleList()
    .optional()
    .meta({ title: 'a list of at least one rule' })
    .describe(
      'What a request needs; the first rule that matches decides. Absent: a good token of any issuer, for everything.',
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
            "What the team's entry in the mesh puts in front of every path (`pathPrefix`); it is cut off.",
          ),
        rules: ruleList().meta({ title: 'a list of at least one rule' }).describe('As `rules`.'),
        noRuleMatches: oneOf('deny', 'token')
          .optional()
          .describe('As `noRuleMatches`, which is the default.'),
        mode: oneOf('enforce', 'shadow').optional().describe('As `mode`, which is the default.'),
      }),
    )
    .min(1)
    .optional()
    .meta({ title: 'a list of at least one policy' })
    .describe(
      'Sets of rules, for several entries in the mesh that name this one service; instead of `rules`.',
    ),
  grpcPolicy: text('the name of a policy')
    .optional()
    .describe(
      'The policy of checks over gRPC whose route names none (`context_extensions.policy`). Absent: they are refused.',
    ),
  noRuleMatches: oneOf('deny', 'token')
    .default('deny')
    .describe('What becomes of a request that no rule matches: it is refused, or a good token is enough.'),
  mode: oneOf('enforce', 'shadow')
    .default('enforce')
    .describe(
      '`shadow`: let pass, without any identity, what the rules would refuse; log and count it. For trying rules.',
    ),
  paths: z
    .strictObject({
      ignoreCase: flag()
        .default(false)
        .describe(
          'Whether rules that deny or require something also match paths that differ only in capitals and small letters, for workloads to which those are the same. It never lets in more: `allow: anonymous` matches exactly.',
        ),
      ignoreTrailingSlash: flag()
        .default(false)
        .describe(
          'The same for a slash at the end: `/admin` is then also `/admin/`, and `/admin/{**}` also `/admin`.',
        ),
    })
    .prefault({}),
  hosts: z
    .strictObject({
      ports: oneOf('exact', 'ignore')
        .default('exact')
        .describe(
          'Whether the mesh routes by the port of a host, where rules look at hosts. `exact`: it may, as a plain Envoy does, so a host with a port must select the same rule as without, or one that names the port; else it is `host_ambiguous`. `ignore`: it does not, as in Istio.',
        ),
    })
    .prefault({}),
  trustedHeaders: z
    .array(anyHeaderName())
    .default([])
    .describe('Headers that the mesh overwrites on every way to the workload, so that rules may match them.'),
  clientAddress: z
    .strictObject({
      header: anyHeaderName()
        .default('x-forwarded-for')
        .describe(
          'The header that tells the address of the client. Of `x-forwarded-for`, which every proxy appends to, it is the last address that is none of `trustedProxies`; any other header must be one of `trustedHeaders`.',
        ),
      trustedProxies: z
        .array(network())
        .default([])
        .describe(
          'The proxies that the header is believed of: addresses of load balancers and gateways in front. Needed for rules with `addresses`.',
        ),
    })
    .prefault({}),
};

/** One rule of the configuration. */
export type RuleConfig = z.output<typeof rule>;
