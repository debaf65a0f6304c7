/** `oidc-authz check-config --test TABLE`: compares the decision for each request of a table with the expected one. */

import type { Authenticate } from '../../check/authenticate.ts';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import { dotted } from '../../config/describe/option-list.ts';
import { parseYaml } from '../../config/load/file.ts';
import { type RuleTest, readRuleTests } from '../../config/load/rule-tests.ts';
import { ConfigError, suggestion } from '../../config/validate/problems.ts';
import { createTokenCache } from '../../credential/token/cache.ts';
import { createReadFacts } from '../../credential/token/read-facts.ts';
import { createCheckRequirements } from '../../credential/token/requirements.ts';
import { createRevocation } from '../../credential/token/revocation.ts';
import { identityOf, verifiedToken } from '../../credential/token/verified-token.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision } from '../../model/decision.ts';
import type { Identity } from '../../model/identity.ts';
import type { Reason } from '../../model/reasons.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { createOwnCheck } from '../../service/own-check.ts';

/** The result of a table. */
export interface RuleTestResult {
  /** A line for each test that failed, and one with the count. */
  readonly output: string;
  readonly failed: number;
}

/**
 * Runs a table against a configuration. Tokens count as correctly signed. Every other step is the same as in a real check.
 *
 * @param name how problems name the file
 * @throws ConfigError if the table is invalid
 */
export async function runRuleTests(
  config: Config,
  text: string,
  name: string,
  clock: Clock,
): Promise<RuleTestResult> {
  const { value, place } = parseYaml(text, name);
  const tests = readRuleTests(value, place);
  requireNames(config, tests, place);
  const lines: string[] = [];
  for (const test of tests) {
    const decision = await decide(config, test, clock);
    const found = describe(decision);
    const outcome = isSentToLogIn(decision) ? 'login' : decision.outcome;
    const isAsExpected =
      // Sending a person to log in is a denial.
      (test.expect.outcome === undefined || [outcome, decision.outcome].includes(test.expect.outcome)) &&
      (test.expect.reason === undefined || test.expect.reason === found.reason) &&
      (test.expect.rule === undefined || test.expect.rule === found.rule);
    if (!isAsExpected)
      lines.push(`${test.name}: expected ${format(test.expect)}, found ${format({ outcome, ...found })}`);
  }
  const count = `${tests.length - lines.length} of ${tests.length} as expected`;
  return { output: `${[...lines, count].join('\n')}\n`, failed: lines.length };
}

function isSentToLogIn(decision: Decision): boolean {
  return decision.outcome === 'deny' && decision.browser?.status === 302;
}

function describe(decision: Decision): { reason: Reason; rule: string } {
  const reason = decision.outcome === 'allow' ? (decision.shadow ?? decision.reason) : decision.reason;
  return { reason, rule: decision.rule ?? 'none' };
}

function format(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

async function decide(config: Config, test: RuleTest, clock: Clock): Promise<Decision> {
  const authenticate: Authenticate = (request, admit, trace) => {
    const { claims, session } = test;
    if (claims === undefined || session === true) return { outcome: 'deny', reason: 'token_missing' };
    const issuer = issuerOf(config, test);
    if (issuer === undefined) return { outcome: 'deny', reason: 'issuer_unknown' };
    const now = clock.now() / 1000;
    const full = { iss: issuer.issuer, aud: issuer.audiences?.[0], exp: now + 300, iat: now, ...claims };
    const payload = JSON.stringify(full);
    const facts = createReadFacts(issuer)(JSON.parse(payload), payload, 'JWT');
    const revocation = createRevocation(() => [], issuer.issuer, '');
    const path = `issuers[${config.issuers.indexOf(issuer)}]`;
    const failed = createCheckRequirements(issuer, revocation, path)(facts, now, trace);
    if (failed !== undefined)
      return {
        outcome: 'deny',
        reason: failed.reason,
        issuerName: issuer.name,
        detail: () => failed.describe(facts, now),
      };
    const cache = createTokenCache(config.cache);
    const verified = verifiedToken(JSON.parse(payload), facts, issuer, undefined, cache);
    const identity: Identity = { ...identityOf(verified, payload), form: 'json' };
    return admit(identity, '', false, request, trace);
  };
  const person = test.session === true ? issuerOf(config, test) : undefined;
  const { createCheckLogins } = await import('../../service/check-logins.ts');
  const { createTableLogins } = await import('./table-logins.ts');
  const logins = createTableLogins(
    config,
    person && { issuer: person, claims: test.claims ?? {} },
    clock.now() / 1000,
  );
  return createOwnCheck(config, authenticate, clock, logins && createCheckLogins(logins))(requestOf(test));
}

/** The issuer that a test names, or the first one. */
function issuerOf({ issuers }: Config, { issuer }: RuleTest): IssuerConfig | undefined {
  return issuer === undefined ? issuers[0] : issuers.find(({ name }) => name === issuer);
}

function requestOf({ request, claims, session }: RuleTest): CheckRequest {
  const { method, host, path, headers, policy } = request;
  const lines = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()]));
  return {
    method,
    host,
    path,
    policy,
    // A request with a token never uses a session.
    authorization: claims === undefined || session === true ? [] : ['Bearer'],
    dpop: [],
    forwardedClientCert: '',
    peerCertificate: '',
    source: { address: '', principal: '' },
    requestId: '',
    original: () => ({ target: path, headers: [] }),
    header: (name) => lines.get(name) ?? [],
  };
}

/** Rejects tests that name a rule or an issuer that the configuration does not have. */
function requireNames(
  { rules, policies, issuers }: Config,
  tests: readonly RuleTest[],
  place: (path: readonly PropertyKey[]) => string,
): void {
  const ruleNames = [
    'none',
    ...(rules ?? []).map(({ name }) => name),
    ...(policies ?? []).flatMap((policy) => policy.rules.map(({ name }) => `${policy.name}/${name}`)),
  ];
  const issuerNames = issuers.map(({ name }) => name);
  const unknown = (kind: string, known: readonly string[], named: string | undefined, path: PropertyKey[]) =>
    named === undefined || known.includes(named)
      ? []
      : [
          {
            path: dotted(path),
            source: place(path),
            message: `the configuration has no ${kind} ${JSON.stringify(named)}${suggestion(named, known)}`,
          },
        ];
  const problems = tests.flatMap(({ expect, issuer }, index) => [
    ...unknown('rule', ruleNames, expect.rule, [index, 'expect', 'rule']),
    ...unknown('issuer', issuerNames, issuer, [index, 'issuer']),
  ]);
  if (problems.length > 0) throw new ConfigError(problems);
}
