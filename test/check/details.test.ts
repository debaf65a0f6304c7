/** The detail of a denial: what was expected and found, and which option decided. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { createAuthenticate } from '../../src/check/authenticate.ts';
import { createReplayStore } from '../../src/check/binding/used-proofs.ts';
import { createCheck } from '../../src/check/check.ts';
import { readDenyList } from '../../src/config/load/deny-list.ts';
import { createTokenCache } from '../../src/credential/token/cache.ts';
import { createVerifier, type Verify } from '../../src/credential/token/verifier.ts';
import type { IssuerKeys } from '../../src/issuer/issuer.ts';
import type { VerificationKey } from '../../src/issuer/keys/key-set.ts';
import type { CheckRequest } from '../../src/model/check-request.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { TraceStep } from '../../src/model/trace.ts';
import { createGrpcChecks } from '../../src/service/grpc-checks.ts';
import { configOf } from '../support/app.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { startCore } from '../support/core.ts';
import { audience } from '../support/fake-issuer.ts';
import { createPair, issuerUrl, signToken } from '../support/key-choice.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { checkRequest } from '../support/requests.ts';

const pair = createPair('P-256');
const stranger = createPair('P-256');
const client = await createSigningKey('c', 'ES256');
const jkt = await thumbprint(client);
const keyNamed = (kid: string | undefined, key = pair) => ({ ...key.jwk, ...(kid !== undefined && { kid }) });
const jwks = JSON.stringify({ keys: ['k1', 'k2', 'k3'].map((kid) => keyNamed(kid)) });
const stops: (() => void)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
});

/** The options of a case. `issuer` are more options of the issuer, `more` those at the top of the file. */
interface Setup {
  readonly issuer?: string;
  readonly more?: string;
  readonly denyList?: readonly object[];
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>> | ((now: number) => Readonly<Record<string, unknown>>);
  /** Replaces the token. */
  readonly token?: string | ((token: string) => string);
  readonly request?: Partial<CheckRequest>;
  readonly scheme?: string;
  readonly proof?: Parameters<typeof makeProof>[2] | 'none' | 'twice';
}

interface Result {
  readonly decision: Decision;
  readonly text: string | undefined;
  readonly option: string | undefined;
  readonly steps: readonly TraceStep[];
}

/** A clock whose time is a whole second. */
function wholeSecond(): TestClock {
  const clock = createTestClock();
  clock.jump(-(clock.now() % 1_000));
  return clock;
}

async function run(setup: Setup): Promise<Result> {
  const clock = wholeSecond();
  const now = clock.now() / 1000;
  const config = await configOf(`
issuers:
  - {issuer: "https://other.example.com", audiences: [x], jwks: ${JSON.stringify(jwks)}}
  - {issuer: "${issuerUrl}", name: main, jwks: ${JSON.stringify(jwks)}, ${setup.issuer ?? `audiences: [${audience}]`}}
${setup.more ?? ''}`);
  const list = readDenyList(JSON.stringify(setup.denyList ?? []), 'list');
  const core = await startCore(config, clock, createReplayStore(), list);
  stops.push(core.stop);
  const claims = typeof setup.claims === 'function' ? setup.claims(now) : setup.claims;
  const signed = signToken(pair, 'ES256', { kid: 'k1', ...setup.header }, claims);
  const token = typeof setup.token === 'function' ? setup.token(signed) : (setup.token ?? signed);
  const { proof } = setup;
  const made = async () => [
    await makeProof(client, token, proof === 'none' || proof === 'twice' ? {} : proof),
  ];
  const request = checkRequest({
    host: 'orders.example.com',
    path: '/orders/1?secret=canary-query',
    authorization: [`${setup.scheme ?? 'Bearer'} ${token}`],
    dpop: proof === undefined || proof === 'none' ? [] : await made(),
    ...setup.request,
  });
  if (proof === 'twice') await core.check(request);
  const steps: TraceStep[] = [];
  const traced = await core.check(request, (step) => steps.push(step));
  const decision = await core.check(request);
  expect([traced.outcome, traced.reason, traced.rule, traced.policy]).toEqual([
    decision.outcome,
    decision.reason,
    decision.rule,
    decision.policy,
  ]);
  const detail = decision.detail?.();
  return { decision, text: detail?.text, option: detail?.option, steps };
}

/** A case: name, setup, reason, text and option. */
type Case = readonly [string, Setup, string, string | RegExp, string?];

const seconds = (text: string) => text.replaceAll(/\b1\d{9}\b/g, 'TIME');

async function expectDetail([, setup, reason, text, option]: Case): Promise<void> {
  const { decision, steps, ...found } = await run(setup);
  const shadow = decision.outcome === 'allow' ? decision.shadow : undefined;
  expect(shadow ?? decision.reason).toBe(reason);
  if (typeof text === 'string') expect(seconds(found.text ?? '')).toBe(text);
  else expect(found.text).toMatch(text);
  expect(found.option).toBe(option);
  const failed = steps.filter(({ result }) => result === 'failed');
  // The step that failed has the texts of the detail, and the decision follows it.
  expect(failed[0]?.option).toBe(option);
  expect(steps.at(-1)).toMatchObject({ step: 'decision' });
  expect(steps.at(-1)?.found).toContain(reason);
}

const noDots = randomBytes(24).toString('hex');

describe('the credential and the form of the token', () => {
  test.each<Case>([
    [
      'no header',
      { request: { authorization: [] } },
      'token_missing',
      'the request has no authorization header, or an empty one',
    ],
    [
      'another scheme',
      { scheme: 'Basic' },
      'token_missing',
      'the scheme of the authorization header is Basic',
    ],
    [
      'no scheme',
      { request: { authorization: [noDots] } },
      'token_missing',
      'the authorization header does not begin with Bearer',
    ],
    [
      'DPoP that is off',
      { scheme: 'DPoP' },
      'token_missing',
      'the scheme of the authorization header is DPoP, and dpop.origins is empty',
      'dpop.origins',
    ],
    [
      'two headers',
      { request: { authorization: ['Bearer a', 'Bearer b'] } },
      'token_duplicated',
      '2 authorization headers',
    ],
    [
      'a comma without a token',
      { request: { authorization: ['Bearer,Bearer b'] } },
      'token_duplicated',
      'the authorization header has a comma, with which proxies join several headers',
    ],
    [
      'a comma in the token',
      { token: 'a.b.c,Bearer a.b.c' },
      'token_duplicated',
      'the token has a comma, with which proxies join several authorization headers',
    ],
    [
      'a scheme alone',
      { request: { authorization: ['Bearer'] } },
      'token_malformed',
      'the authorization header has a scheme, but no token',
    ],
    [
      'a long token',
      { token: 'a'.repeat(20_000) },
      'token_too_large',
      'the token has 20000 bytes; limits.maxTokenSize is 16384',
      'limits.maxTokenSize',
    ],
    [
      'an opaque token',
      { token: noDots },
      'token_malformed',
      'the token has 1 part instead of 3 (it is probably an opaque token)',
    ],
    [
      'an encrypted token',
      { token: 'a.b.c.d.e' },
      'token_malformed',
      'the token has 5 parts instead of 3 (it is probably encrypted, a JWE)',
    ],
    [
      'another character',
      { token: 'ab.c$.ef' },
      'token_malformed',
      'the token is not a signed JWT: part 2 is not base64url',
    ],
    [
      'unused bits',
      { token: (token) => `${token.slice(0, -1)}_` },
      'token_malformed',
      'the token is not a signed JWT: a part that is not canonical base64url',
    ],
    [
      'a header that is not JSON',
      { token: 'AAAA.AAAA.AAAA' },
      'token_malformed',
      'the header is not a JSON object, has a member twice, or is nested deeper than 32 levels',
    ],
    [
      'crit',
      { header: { crit: ['x'] } },
      'token_malformed',
      'the header has crit or b64, which are not supported',
    ],
    [
      'a long kid',
      { header: { kid: 'k'.repeat(300) } },
      'token_malformed',
      'the kid is not a string, or is longer than 256 characters',
    ],
    [
      'a payload that is not JSON',
      { token: (token) => token.replace(/\.[^.]*\./, '.AAAA.') },
      'token_malformed',
      'the payload is not a JSON object, has a member twice, or is nested deeper than 32 levels',
    ],
    [
      'alg none',
      { header: { alg: 'HS256' } },
      'algorithm_not_allowed',
      'alg HS256 is not supported; supported are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA',
    ],
    [
      'no alg',
      { header: { alg: 7 } },
      'algorithm_not_allowed',
      'the header does not have an alg that is a string',
    ],
    [
      'an alg of another issuer',
      { header: { alg: 'RS384' } },
      'algorithm_not_allowed',
      'alg RS384 is not in RS256, PS256, ES256, EdDSA',
      'issuers[1].algorithms',
    ],
  ])('%s', async (...one) => expectDetail(one as unknown as Case));
});

describe('the issuer and its keys', () => {
  const plain = issuerUrl.slice(0, -1);
  test.each<Case>([
    [
      'no iss',
      { claims: { iss: undefined } },
      'issuer_unknown',
      'the token does not have the claim iss',
      'issuers',
    ],
    [
      'iss of a wrong type',
      { claims: { iss: 7 } },
      'claim_invalid',
      'the claim iss is not a string',
      'issuers',
    ],
    [
      'a slash',
      { claims: { iss: plain } },
      'issuer_unknown',
      `iss ${plain} differs from ${issuerUrl} only by a final slash`,
      'issuers[1].issuer',
    ],
    [
      'http and case',
      { claims: { iss: 'http://ISSUER.example.com/' } },
      'issuer_unknown',
      `iss http://ISSUER.example.com/ differs from ${issuerUrl} only by upper and lower case and http:// and https://`,
      'issuers[1].issuer',
    ],
    [
      'a space',
      { claims: { iss: `${issuerUrl} ` } },
      'issuer_unknown',
      `iss "${issuerUrl} " differs from ${issuerUrl} only by white space at an end`,
      'issuers[1].issuer',
    ],
    [
      'a port',
      { claims: { iss: 'https://issuer.example.com:443/' } },
      'issuer_unknown',
      `iss https://issuer.example.com:443/ differs from ${issuerUrl} only by a port`,
      'issuers[1].issuer',
    ],
    [
      'a path',
      { claims: { iss: `${issuerUrl}b` } },
      'issuer_unknown',
      `iss ${issuerUrl}b is not a configured issuer; ${issuerUrl} has the same host, but another path`,
      'issuers[1].issuer',
    ],
    [
      'another issuer',
      { claims: { iss: 'https://a' } },
      'issuer_unknown',
      `iss https://a is not a configured issuer; configured: https://other.example.com, ${issuerUrl}`,
      'issuers',
    ],
    [
      'an unknown kid',
      { header: { kid: 'abc' } },
      'key_not_found',
      /^kid abc is not in the key set \(3 keys: k1, k2, k3; loaded 0 ms ago; (no fetch was due|a fetch did not add it)\)$/,
      'issuers[1].jwks',
    ],
    [
      'a kid for another alg',
      { header: { alg: 'RS256' } },
      'key_not_found',
      'kid k1 is in the key set, but not for alg RS256 (3 keys: k1, k2, k3; loaded 0 ms ago)',
      'issuers[1].jwks',
    ],
    [
      'no kid, another alg',
      { header: { kid: undefined, alg: 'RS256' } },
      'key_not_found',
      'no key of the issuer is for alg RS256 (3 keys: k1, k2, k3; loaded 0 ms ago)',
      'issuers[1].jwks',
    ],
    [
      'a forged signature',
      { token: signToken(stranger, 'ES256', { kid: 'k1' }) },
      'signature_invalid',
      'the signature is not valid for 1 key (k1), alg ES256; keys loaded 0 ms ago',
    ],
  ])('%s', async (...one) => expectDetail(one as unknown as Case));
});

describe('the requirements of the issuer', () => {
  const orders = `audiences: [${audience}]`;
  test.each<Case>([
    ['no exp', { claims: { exp: undefined } }, 'claim_missing', 'the token does not have the claim exp'],
    [
      'exp of a wrong type',
      { claims: { exp: '1' } },
      'claim_invalid',
      'the claim exp is not a time in seconds since 1970',
    ],
    [
      'expired',
      { claims: (now) => ({ exp: now - 42 }) },
      'token_expired',
      'expired 42 s ago (exp TIME, clockTolerance 30 s)',
      'issuers[1].clockTolerance',
    ],
    [
      'nbf of a wrong type',
      { claims: { nbf: '1' } },
      'claim_invalid',
      'the claim nbf is not a time in seconds since 1970',
    ],
    [
      'nbf',
      { claims: (now) => ({ nbf: now + 90 }) },
      'token_not_yet_valid',
      'not valid before TIME (nbf), in 90 s (clockTolerance 30 s): compare the clocks',
      'issuers[1].clockTolerance',
    ],
    [
      'iat',
      { claims: (now) => ({ iat: now + 90 }) },
      'token_not_yet_valid',
      'issued at TIME (iat), in 90 s (clockTolerance 30 s): compare the clocks',
      'issuers[1].clockTolerance',
    ],
    [
      'aud',
      { claims: { aud: 'account' } },
      'audience_mismatch',
      `expected audience ${audience}, found account`,
      'issuers[1].audiences',
    ],
    [
      'two audiences',
      { issuer: 'audiences: [a, b]', claims: { aud: ['c', 'd'] } },
      'audience_mismatch',
      'expected one of the audiences a, b, found c, d',
      'issuers[1].audiences',
    ],
    [
      'no aud',
      { claims: { aud: undefined } },
      'audience_mismatch',
      `expected audience ${audience}, found none`,
      'issuers[1].audiences',
    ],
    [
      '13 audiences',
      { claims: { aud: Array.from({ length: 13 }, (_, index) => `a${index}`) } },
      'audience_mismatch',
      `expected audience ${audience}, found a0, a1, a2, a3, a4, a5, a6, a7, a8, a9 and 3 more`,
      'issuers[1].audiences',
    ],
    [
      'aud of a wrong type',
      { claims: { aud: 7 } },
      'claim_invalid',
      'the audience (aud) is not a string or a list of strings',
      'issuers[1].audienceClaims',
    ],
    [
      'typ',
      { header: { typ: 'Logout+JWT' } },
      'token_type_not_allowed',
      'expected typ JWT or at+jwt, found logout+jwt',
      'issuers[1].tokenTypes',
    ],
    [
      'a logout token',
      { claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } } },
      'token_type_not_allowed',
      'the token is a logout token (its claim events), or its typ is not a string',
      'issuers[1].tokenTypes',
    ],
    [
      'bound',
      { claims: { cnf: { jkt } } },
      'token_bound',
      'the token is bound to its client (cnf), and boundTokens is refuse',
      'issuers[1].boundTokens',
    ],
    [
      'an unknown binding',
      { issuer: `${orders}, boundTokens: verify`, claims: { cnf: { x: 1 } } },
      'token_bound',
      'the claim cnf has a member other than jkt and x5t#S256, or an invalid thumbprint',
      'issuers[1].boundTokens',
    ],
    [
      'revoked',
      {
        more: 'denyList: {file: /etc/deny.yaml}',
        denyList: [
          { issuer: issuerUrl, sub: 'bob' },
          { issuer: issuerUrl, sub: 'alice', sid: 's' },
        ],
        claims: { sid: 's' },
      },
      'token_revoked',
      'entries[1] of /etc/deny.yaml revokes the token by its sub and sid',
      'denyList.file',
    ],
    [
      'scopes',
      { issuer: `${orders}, requiredScopes: [orders.read, orders.write]`, claims: { scope: 'orders.read' } },
      'scope_insufficient',
      'missing scope orders.write; the token has orders.read',
      'issuers[1].requiredScopes',
    ],
    [
      'scopes of a wrong type',
      { issuer: `${orders}, requiredScopes: [a]`, claims: { scope: 7 } },
      'claim_invalid',
      'one of the claims scope, scp and scopes is not a string or a list of strings',
      'issuers[1].requiredScopes',
    ],
    [
      'a claim',
      { issuer: `${orders}, requiredClaims: {tid: [acme, initech]}`, claims: { tid: 'canary-claim' } },
      'claim_not_allowed',
      'claim tid does not have a required value',
      'issuers[1].requiredClaims',
    ],
    [
      'an absent claim',
      { issuer: `${orders}, requiredClaims: {tid: acme}` },
      'claim_not_allowed',
      'the token does not have the claim tid',
      'issuers[1].requiredClaims',
    ],
    [
      'email',
      { issuer: `${orders}, email: {allowedDomains: [acme.com]}`, claims: { email: 'canary-claim@x.com' } },
      'claim_not_allowed',
      'the email address (claim email) is absent, or is not in an allowed domain or an allowed address',
      'issuers[1].email.allowedDomains',
    ],
    [
      'an unverified email',
      { issuer: `${orders}, email: {requireVerified: true}`, claims: { email_verified: false } },
      'claim_invalid',
      'the email address is not verified (claim email_verified)',
      'issuers[1].email.requireVerified',
    ],
    [
      'groups',
      { issuer: `${orders}, groups: {allowed: [a, b]}`, claims: { groups: ['canary-claim'] } },
      'claim_not_allowed',
      'no group of the token (claim groups) is one of 2 allowed groups',
      'issuers[1].groups.allowed',
    ],
  ])('%s', async (...one) => expectDetail(one as unknown as Case));
});

describe('a proof', () => {
  const issuer = `audiences: [${audience}], boundTokens: verify`;
  const more = 'dpop: {origins: ["https://orders.example.com"]}';
  const bound = { issuer, more, claims: { cnf: { jkt } }, scheme: 'DPoP', proof: {} } as const;
  test.each<Case>([
    [
      'off',
      { issuer, claims: { cnf: { jkt } } },
      'token_bound',
      'the token is bound to a DPoP key (cnf.jkt), and dpop.origins is empty',
      'dpop.origins',
    ],
    [
      'Bearer',
      { ...bound, scheme: 'Bearer' },
      'proof_invalid',
      'the token is bound to a DPoP key (cnf.jkt), but it is sent with the scheme Bearer',
    ],
    [
      'not bound',
      { ...bound, claims: {} },
      'proof_invalid',
      'the token is sent with the scheme DPoP, but it is not bound to a DPoP key (cnf.jkt)',
    ],
    ['none', { ...bound, proof: 'none' }, 'proof_invalid', 'the request has no DPoP header instead of one'],
    [
      'two',
      { ...bound, request: { dpop: ['a', 'b'] } },
      'proof_invalid',
      'the request has 2 DPoP headers instead of one',
    ],
    [
      'not a JWT',
      { ...bound, request: { dpop: ['canary-proof'] } },
      'proof_invalid',
      'the DPoP proof is not a signed JWT',
    ],
    [
      'typ',
      { ...bound, proof: { header: { typ: 'JWT' } } },
      'proof_invalid',
      'the typ of the DPoP proof is not dpop+jwt',
    ],
    [
      'another key',
      { ...bound, claims: { cnf: { jkt: 'A'.repeat(43) } } },
      'proof_invalid',
      'the key of the DPoP proof (jwk) is not the key of the token: its thumbprint differs from cnf.jkt',
    ],
    [
      'jti',
      { ...bound, proof: { claims: { jti: undefined } } },
      'proof_invalid',
      'the DPoP proof does not have the claim jti',
    ],
    [
      'htm',
      { ...bound, proof: { claims: { htm: 'POST' } } },
      'proof_invalid',
      'the claim htm of the DPoP proof is not the method of the request, GET',
    ],
    [
      'ath',
      { ...bound, proof: { claims: { ath: 'canary-ath' } } },
      'proof_invalid',
      'the claim ath of the DPoP proof is not the hash of this token',
    ],
    [
      'iat',
      { ...bound, proof: { claims: { iat: 'x' } } },
      'proof_invalid',
      'the DPoP proof does not have a valid claim iat',
    ],
    [
      'old',
      { ...bound, proof: { claims: { iat: 1 } } },
      'proof_invalid',
      /^the DPoP proof is \d+ s old \(iat 1, dpop\.maxAge 60 s\)$/,
      'dpop.maxAge',
    ],
    [
      'the future',
      { ...bound, proof: { claims: { iat: 9_999_999_999 } } },
      'proof_invalid',
      /^the DPoP proof was issued in the future, in \d+ s \(iat 9999999999, tolerance 30 s\): compare the clocks$/,
    ],
    [
      'another origin',
      { ...bound, proof: { claims: { htu: 'https://canary-htu.example.com/orders/1' } } },
      'proof_invalid',
      'the claim htu of the DPoP proof has an origin that is not in dpop.origins',
      'dpop.origins',
    ],
    [
      'another host',
      { ...bound, request: { host: 'x.example.com' } },
      'proof_invalid',
      'the claim htu of the DPoP proof has another host than the request',
      'dpop.origins',
    ],
    [
      'another path',
      { ...bound, proof: { claims: { htu: 'https://orders.example.com/canary' } } },
      'proof_invalid',
      'the claim htu of the DPoP proof has another path than the request',
    ],
    [
      'used',
      { ...bound, proof: 'twice' },
      'proof_invalid',
      'the DPoP proof was used before: each request needs a new one',
      'dpop.maxAge',
    ],
    [
      'a certificate that no proxy reports',
      { issuer, claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } } },
      'token_bound',
      'the token is bound to a client certificate, and no proxy reports the certificate of the client',
      'clientCertificates',
    ],
    [
      'no trusted certificate',
      {
        issuer,
        more: 'clientCertificates: {trustedHops: 1}',
        claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } },
      },
      'proof_invalid',
      'the token is bound to a client certificate (cnf.x5t#S256), and the proxies report none that is trusted',
      'clientCertificates',
    ],
    [
      'another certificate',
      {
        issuer,
        more: 'clientCertificates: {trustedHops: 1}',
        claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } },
        request: { forwardedClientCert: `Hash=${'a'.repeat(64)}` },
      },
      'proof_invalid',
      'the client certificate is not that of the token (cnf.x5t#S256)',
    ],
  ])('%s', async (...one) => expectDetail(one as unknown as Case));

  test('a full store', async () => {
    const setup = {
      ...bound,
      more: 'dpop: {origins: ["https://orders.example.com"], maxProofs: 1, maxProofsPerKey: 1}',
    };
    const config = await configOf(
      `issuers: [{issuer: "${issuerUrl}", ${issuer}, jwks: ${JSON.stringify(jwks)}}]\n${setup.more}`,
    );
    const core = await startCore(config);
    stops.push(core.stop);
    const token = signToken(pair, 'ES256', { kid: 'k1' }, bound.claims);
    const ask = async () =>
      core.check(
        checkRequest({
          host: 'orders.example.com',
          path: '/orders/1',
          authorization: [`DPoP ${token}`],
          dpop: [await makeProof(client, token)],
        }),
      );
    expect((await ask()).outcome).toBe('allow');
    expect((await ask()).detail?.()).toMatchObject({
      text: 'the store has the maximum number of proofs of this key (dpop.maxProofsPerKey)',
      option: 'dpop.maxProofsPerKey',
    });
  });
});

describe('rules', () => {
  const rule = (more: string) =>
    `rules: [{name: first, match: {paths: ["/first"]}, require: {}}, {name: second, ${more}}]`;
  const require = (more: string) => rule(`require: {${more}}`);
  const three = `rules:
  - {name: read, match: {hosts: [shop.example.com], methods: [GET], paths: ["/orders/{**}"]}, require: {}}
  - {name: write, match: {hosts: [orders.example.com], methods: [POST], paths: ["/orders/{**}"]}, require: {}}
  - {name: internal, match: {headers: {x-team: a}, paths: ["/internal"]}, require: {}}
trustedHeaders: [x-team]`;
  const policies = `policies: [{name: a, pathPrefix: /a, rules: [{name: r, deny: true}]}, {name: b, pathPrefix: /b, noRuleMatches: deny, rules: [{name: r, match: {paths: ["/x"]}, require: {scopes: [s]}}]}]`;
  test.each<Case>([
    [
      'no rule',
      { more: three },
      'rule_denied',
      'no rule matches host orders.example.com, method GET, path /orders/1; nearest is rules[0] (read), whose hosts are shop.example.com',
      'noRuleMatches',
    ],
    [
      'no rule for the method',
      { more: three, request: { host: 'orders.example.com', method: 'PUT', path: '/orders/1' } },
      'rule_denied',
      'no rule matches host orders.example.com, method PUT, path /orders/1; nearest is rules[1] (write), whose methods are POST',
      'noRuleMatches',
    ],
    [
      'no rule for the header',
      { more: three, request: { host: 'orders.example.com', path: '/internal' } },
      'rule_denied',
      'no rule matches host orders.example.com, method GET, path /internal; nearest is rules[2] (internal), which needs the header x-team',
      'noRuleMatches',
    ],
    ['deny', { more: rule('deny: true') }, 'rule_denied', 'rule second has deny: true', 'rules[1].deny'],
    [
      'issuers',
      { more: require('issuers: [other.example.com]') },
      'rule_denied',
      'expected the name of the issuer to be one of other.example.com, found main',
      'rules[1].require.issuers',
    ],
    [
      'audiences',
      { more: require('audiences: [x]') },
      'audience_mismatch',
      `expected audience x, found ${audience}`,
      'rules[1].require.audiences',
    ],
    [
      'scopes',
      { more: require('scopes: [a, b]') },
      'scope_insufficient',
      'missing scopes a, b; the token has none',
      'rules[1].require.scopes',
    ],
    [
      'any scope',
      { more: require('anyScopes: [a, b]'), claims: { scope: 'c' } },
      'scope_insufficient',
      'expected one of the scopes a, b; the token has c',
      'rules[1].require.anyScopes',
    ],
    [
      'no header with scopes',
      { more: require('scopesFromHeader: x-scopes') },
      'rule_denied',
      'the header x-scopes, which the mesh must set, has no scopes',
      'rules[1].require.scopesFromHeader',
    ],
    [
      'scopes of a header',
      { more: require('scopesFromHeader: x-scopes'), request: { header: () => ['a'] } },
      'scope_insufficient',
      'missing scope a; the token has none',
      'rules[1].require.scopesFromHeader',
    ],
    [
      'a claim',
      { more: require('claims: {tid: acme}'), claims: { tid: 'canary-claim' } },
      'claim_not_allowed',
      'claim tid does not have a required value',
      'rules[1].require.claims',
    ],
    [
      'a false expression',
      { more: require('expression: "claims.tid == \\"acme\\""'), claims: { tid: 'canary-claim' } },
      'claim_not_allowed',
      'the expression of the rule is false',
      'rules[1].require.expression',
    ],
    [
      'a failed expression',
      { more: require('expression: "claims.tid == \\"acme\\""') },
      'rule_failed',
      'the expression of the rule failed: it reads a member that does not exist, in "claims.tid"',
      'rules[1].require.expression',
    ],
    [
      'a key that is a claim',
      { more: require('expression: "claims[claims.tid] == \\"acme\\""'), claims: { tid: 'canary-claim' } },
      'rule_failed',
      'the expression of the rule failed: it reads a member that does not exist, in "claims[claims.tid]"',
      'rules[1].require.expression',
    ],
    [
      'a query parameter',
      {
        more: require('expression: "request.query.a == \\"b\\""'),
        request: { path: '/?a=canary-query&a=2' },
      },
      'rule_failed',
      /^the expression of the rule failed: it reads a query parameter or a header that comes more than once$/,
      'rules[1].require.expression',
    ],
    [
      'a port',
      { more: require('expression: "request.host == \\"h\\""'), request: { host: 'h:8443' } },
      'host_ambiguous',
      'the expression of the rule has another result for host h:8443 without the port',
      'rules[1].require.expression',
    ],
    [
      'a preflight',
      {
        more: rule('match: {methods: [GET, OPTIONS]}, require: {}'),
        request: {
          method: 'OPTIONS',
          header: (name) => (name === 'access-control-request-method' ? ['PUT'] : []),
        },
      },
      'rule_denied',
      'the preflight requests method PUT, which is not in GET, OPTIONS',
      'rules[1].match.methods',
    ],
    [
      'two slashes',
      { more: three, request: { path: '/a//b' } },
      'path_ambiguous',
      'path /a//b has two slashes in a row',
      'rules',
    ],
    [
      'dots',
      { more: three, request: { path: '/a/../b' } },
      'path_ambiguous',
      'path /a/../b has a segment of only dots or plus signs, such as /../',
      'rules',
    ],
    [
      'an encoded slash',
      { more: three, request: { path: '/a%2Fb' } },
      'path_ambiguous',
      'path /a%2Fb has an encoded slash, %2F',
      'rules',
    ],
    [
      'two readings',
      { more: three, request: { path: '/orders./1', method: 'POST', host: 'orders.example.com' } },
      'path_ambiguous',
      'servers can read path /orders./1 in more than one way, and the rules decide differently for them',
      'rules',
    ],
    [
      'a dot at the end of the host',
      { more: three, request: { host: 'orders.example.com.' } },
      'host_ambiguous',
      'host orders.example.com. ends with a dot',
      'rules',
    ],
    [
      'two hosts',
      { more: three, request: { host: 'a,b' } },
      'host_ambiguous',
      'host "a,b" has a comma: the request has several host lines',
      'rules',
    ],
    [
      'a port of a host',
      { more: three, request: { host: 'shop.example.com:8443', path: '/orders/1' } },
      'host_ambiguous',
      'host shop.example.com:8443 has a port, and the rules decide differently without it (hosts.ports is exact)',
      'hosts.ports',
    ],
    [
      'shadow mode',
      { more: `${rule('deny: true')}\nmode: shadow` },
      'rule_denied',
      'rule second has deny: true',
      'rules[1].deny',
    ],
    [
      'no policy',
      { more: policies, request: { path: '/c/x' } },
      'rule_denied',
      'path /c/x is not below the pathPrefix of a policy; the prefixes are /a, /b',
      'policies',
    ],
    [
      'an unknown policy',
      { more: policies, request: { policy: 'c' } },
      'rule_denied',
      'context_extensions.policy is c, which is not a policy; the policies are a, b',
      'policies',
    ],
    [
      'no policy over gRPC',
      { more: policies, request: { policy: '' } },
      'rule_denied',
      'the route does not set context_extensions.policy, and grpcPolicy is not set; the policies are a, b',
      'grpcPolicy',
    ],
    [
      'a rule of a policy',
      { more: policies, request: { path: '/b/x' } },
      'scope_insufficient',
      'missing scope s; the token has none',
      'policies[1].rules[0].require.scopes',
    ],
    [
      'no rule of a policy',
      { more: policies, request: { path: '/b/y' } },
      'rule_denied',
      'no rule matches host orders.example.com, method GET, path /y; nearest is policies[1].rules[0] (b/r), whose paths are /x',
      'policies[1].noRuleMatches',
    ],
  ])('%s', async (...one) => expectDetail(one as unknown as Case));
});

describe('a check without a decision', () => {
  const token = signToken(pair, 'ES256', { kid: 'k1' });
  const request = checkRequest({ authorization: [`Bearer ${token}`] });
  const oneIssuer = `issuers: [{issuer: "${issuerUrl}", audiences: [${audience}], jwks: ${JSON.stringify(jwks)}}]`;

  /** The detail of a check with an issuer in this state. */
  async function detailWith(keys: Partial<IssuerKeys>, more = '', prepare?: (verify: Verify) => void) {
    const config = await configOf(`${oneIssuer}\n${more}`);
    const clock = wholeSecond();
    const issuer: IssuerKeys = {
      hasKeys: () => true,
      findKeys: () => [],
      knowsKeyId: () => false,
      holds: () => true,
      published: () => undefined,
      fetchForUnknownKey: () => undefined,
      describeKeys: () => ({
        keyIds: ['k9', undefined],
        age: 12,
        problem: undefined,
        problemSince: undefined,
        removed: [],
      }),
      ...keys,
    };
    const verify = createVerifier({
      issuers: config.issuers.map((one) => ({ config: one, issuer })),
      denyList: () => [],
      cache: createTokenCache(config.cache),
      limits: config.limits,
      clock,
      onLookup: () => {},
    });
    prepare?.(verify);
    const pending = verify(token);
    if (pending instanceof Promise) await clock.advance(5_000);
    const verdict = await pending;
    if (verdict.outcome === 'verified') throw new TypeError('the token is valid');
    return { reason: verdict.reason, ...verdict.detail?.() };
  }
  const key: VerificationKey = {
    id: 'k1',
    algorithm: 'ES256',
    verify: () => true,
    fingerprint: '',
    material: '',
  };

  test('because the issuer has no keys names its problem, and since when', async () => {
    const problem = 'connect ECONNREFUSED 127.0.0.1:443';
    const down = {
      keyIds: [],
      age: undefined,
      problem,
      problemSince: Date.UTC(2026, 10, 26, 12),
      removed: [],
    };
    expect(await detailWith({ hasKeys: () => false, describeKeys: () => down })).toMatchObject({
      reason: 'keys_unavailable',
      text: `the issuer has no usable keys: ${problem}, since 2026-11-26T12:00:00.000Z`,
      option: 'issuers[0].jwks',
    });
    const waiting = { ...down, problem: undefined, problemSince: undefined };
    expect((await detailWith({ hasKeys: () => false, describeKeys: () => waiting })).text).toBe(
      'the issuer has no usable keys: not loaded yet',
    );
  });

  test.each([
    ['no fetch was due', () => undefined],
    ['a fetch did not add it', () => Promise.resolve()],
    ['the fetch took too long', () => new Promise<void>(() => {})],
  ])('because its kid is unknown says that %s', async (result, fetchForUnknownKey) => {
    expect((await detailWith({ fetchForUnknownKey })).text).toBe(
      `kid k1 is not in the key set (2 keys: k9, (no kid); loaded 12 s ago; ${result})`,
    );
  });

  test('because its kid was removed says since when, and names the problem of the last fetch', async () => {
    const problem = 'connect ECONNREFUSED 127.0.0.1:443';
    const removed = [{ id: 'k1', since: Date.UTC(2026, 10, 26, 12) }];
    const keys = { keyIds: ['k9'], age: 12, problem, problemSince: undefined, removed };
    expect((await detailWith({ describeKeys: () => keys })).text).toBe(
      `kid k1 is no longer in the key set, since 2026-11-26T12:00:00.000Z (1 key: k9; loaded 12 s ago; no fetch was due; problem: ${problem})`,
    );
  });

  test('because too many signatures wait names the limit', async () => {
    const found = await detailWith(
      { findKeys: () => [key] },
      'limits: {maxVerificationsInFlight: 1}',
      (verify) => void verify(signToken(pair, 'ES256', { kid: 'k1' }, { jti: 'other' })),
    );
    expect(found).toMatchObject({
      reason: 'overloaded',
      text: 'too many signatures wait for verification (limits.maxVerificationsInFlight is 1)',
      option: 'limits.maxVerificationsInFlight',
    });
  });

  test('because it is late names the deadline', async () => {
    const config = await configOf(oneIssuer);
    const clock = wholeSecond();
    const { check } = createGrpcChecks(config, () => new Promise(() => {}), clock);
    const pending = check(request, () => 100);
    await clock.advance(100);
    expect((await pending).detail?.()).toMatchObject({
      text: expect.stringMatching(
        /^the check took longer than .* \(limits\.checkDeadline\), or than the deadline of the call$/,
      ),
      option: 'limits.checkDeadline',
    });
  });

  test('because it threw names the kind of the exception, not its message', async () => {
    const throwing = () => {
      throw new RangeError('canary');
    };
    const check = createCheck(
      createAuthenticate({ verify: throwing, prove: () => undefined, schemes: ['bearer'] }),
      throwing,
    );
    expect((await check(request)).detail?.().text).toBe(
      'the check threw RangeError; the log record "a check failed" has the stack',
    );
  });

  test('because its response cannot be built points to the log', async () => {
    const { denyWith } = createGrpcChecks(
      await configOf(oneIssuer),
      () => new Promise(() => {}),
      wholeSecond(),
    );
    expect(denyWith('error', 'internal_error')().detail?.()).toEqual({
      text: 'the response to the check could not be built; the log has the error',
    });
  });
});
