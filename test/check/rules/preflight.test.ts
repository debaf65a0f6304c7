/** Preflights of browsers, and requests that look like one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Authenticate } from '../../../src/check/authenticate.ts';
import type { Config } from '../../../src/config/declare/options.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { createOwnCheck } from '../../../src/service/own-check.ts';
import { configOf } from '../../support/app.ts';
import { noMemory } from '../../support/identity-memory.ts';
import { checkRequest } from '../../support/requests.ts';

const identity: Identity = {
  issuer: 'https://idp.example.com',
  issuerName: 'main',
  subject: 'alice',
  audiences: ['orders-api'],
  scopes: [],
  expiresAt: 4_000_000_000,
  confirmation: undefined,
  text: '{}',
  form: 'json',
  memory: noMemory(),
};

/** Accepts every request with an authorization header. */
const authenticate: Authenticate = (request, admit) =>
  request.authorization.length > 0
    ? admit({ ...identity, memory: noMemory() }, 'token', false, request)
    : { outcome: 'deny', reason: 'token_missing' };

async function decisionsOf(more: string): Promise<(request: Partial<CheckRequest>) => Decision> {
  const config = await configOf(
    `issuers: [{issuer: "https://idp.example.com", audiences: [orders-api], name: main}]\n${more}\n`,
  );
  return decisionsBy(config);
}

function decisionsBy(config: Config) {
  const check = createOwnCheck(config, authenticate, systemClock);
  return (request: Partial<CheckRequest>) => check(checkRequest(request)) as Decision;
}

/** An OPTIONS request with these header lines. */
function asking(asked: readonly string[], origins: readonly string[] = ['https://shop.example.com']) {
  const lines: Record<string, readonly string[]> = {
    origin: origins,
    'access-control-request-method': asked,
  };
  return { method: 'OPTIONS', header: (name: string) => lines[name] ?? [] };
}

/** Requests that do not ask for GET as a browser does. */
const invalidPreflights: [string, readonly string[], (readonly string[])?][] = [
  ['another method', ['DELETE']],
  ['two methods', ['GET', 'DELETE']],
  ['two methods, the other one first', ['DELETE', 'GET']],
  ['the same method twice', ['GET', 'GET']],
  ['two methods joined with a comma and a space', ['GET, DELETE']],
  ['two methods joined with a comma', ['GET,DELETE']],
  ['an empty method', ['']],
  ['an empty method first', ['', 'GET']],
  ['a method in lower case', ['delete']],
  ['a listed method in lower case', ['get']],
  ['a method with white space', ['GET ']],
  ['another method, without an origin', ['DELETE'], []],
  ['another method, with two origins', ['DELETE'], ['https://a', 'https://b']],
];

describe('a rule that lists OPTIONS', () => {
  test.each(invalidPreflights)('does not allow a request that asks for %s', async (_, asked, origins) => {
    const open = await decisionsOf(
      'rules: [{name: open, match: {methods: [GET, OPTIONS]}, allow: anonymous}, {name: rest, require: {}}]',
    );
    expect(open(asking(asked, origins))).toMatchObject({ reason: 'token_missing', rule: 'rest' });
    const closed = await decisionsOf('rules: [{name: read, match: {methods: [GET, OPTIONS]}, require: {}}]');
    expect(closed(asking(asked, origins))).toMatchObject({ reason: 'token_missing', rule: 'read' });
    expect(closed({ ...asking(asked, origins), authorization: ['Bearer x'] })).toMatchObject({
      reason: 'rule_denied',
      rule: 'read',
    });
    const both = await decisionsOf(
      'rules: [{name: read, match: {methods: [GET, OPTIONS]}, require: {}, allowPreflight: true}]',
    );
    expect(both(asking(asked, origins))).toMatchObject({ reason: 'token_missing' });
    const alone = await decisionsOf(
      'rules: [{name: options, match: {methods: [OPTIONS]}, allow: anonymous}]\nnoRuleMatches: token',
    );
    expect(alone(asking(asked, origins))).toMatchObject({ reason: 'token_missing' });
    expect(alone(asking(asked, origins)).rule).toBeUndefined();
  });

  test('allows a preflight for a listed method, and any OPTIONS that is not a preflight', async () => {
    const decide = await decisionsOf(
      'rules: [{name: open, match: {methods: [GET, OPTIONS]}, allow: anonymous}, {name: rest, require: {}}]',
    );
    for (const request of [asking(['GET']), asking(['OPTIONS']), asking(['GET'], []), asking([])])
      expect(decide(request)).toMatchObject({ reason: 'allowed', rule: 'open' });
  });

  test('denies every OPTIONS request if it has deny: true', async () => {
    const decide = await decisionsOf(
      'rules: [{name: none, match: {methods: [OPTIONS]}, deny: true}, {name: open, allow: anonymous}]',
    );
    for (const asked of [[], ['OPTIONS'], ['DELETE'], ['DELETE', 'GET'], ['']])
      expect(decide({ ...asking(asked), authorization: ['Bearer x'] })).toMatchObject({
        reason: 'rule_denied',
        rule: 'none',
      });
  });

  test('and requires a token is followed only by a rule with methods, never by a rule for all methods', async () => {
    const decide = await decisionsOf(`rules:
  - {name: read, match: {methods: [GET, OPTIONS]}, require: {}}
  - {name: write, match: {methods: [PUT]}, require: {}, allowPreflight: true}
  - {name: open, allow: anonymous}`);
    expect(decide(asking(['PUT']))).toMatchObject({ reason: 'allowed', rule: 'write' });
    expect(decide(asking(['DELETE']))).toMatchObject({ reason: 'token_missing', rule: 'read' });
    expect(decide({ method: 'DELETE' })).toMatchObject({ reason: 'allowed', rule: 'open' });
  });

  test.each(['{}', '{ignoreCase: true}', '{ignoreTrailingSlash: true}'])(
    'is passed by one that names the method with paths: %s too',
    async (paths) => {
      const decide = await decisionsOf(`paths: ${paths}
rules:
  - {name: write, match: {paths: ["/orders/{**}"], methods: [POST, OPTIONS]}, require: {}}
  - {name: read, match: {paths: ["/orders/{**}"], methods: [GET]}, require: {}, allowPreflight: true}
  - {name: none, match: {paths: ["/orders/{**}"]}, deny: true}`);
      const path = '/orders/1';
      expect(decide({ ...asking(['GET']), path })).toMatchObject({ reason: 'allowed', rule: 'read' });
      expect(decide({ ...asking(['POST']), path })).toMatchObject({ reason: 'token_missing', rule: 'write' });
      expect(decide({ ...asking(['DELETE']), path })).toMatchObject({
        reason: 'token_missing',
        rule: 'write',
      });
      expect(decide({ method: 'GET', path })).toMatchObject({ reason: 'token_missing', rule: 'read' });
    },
  );

  test('and denies is not followed by a rule with methods either', async () => {
    const decide = await decisionsOf(`rules:
  - {name: none, match: {methods: [OPTIONS]}, deny: true}
  - {name: write, match: {methods: [PUT]}, require: {}, allowPreflight: true}`);
    expect(decide(asking(['PUT']))).toMatchObject({ reason: 'token_missing', rule: 'none' });
  });

  test('can precede one that denies OPTIONS', async () => {
    const decide = await decisionsOf(`rules:
  - {name: open, match: {methods: [GET, OPTIONS]}, allow: anonymous}
  - {name: none, match: {methods: [OPTIONS]}, deny: true}`);
    expect(decide({ ...asking(['DELETE']), authorization: ['Bearer x'] })).toMatchObject({ rule: 'none' });
  });
});

describe('allowPreflight', () => {
  test.each(invalidPreflights)('does not allow a request that asks for %s', async (_, asked, origins) => {
    const decide = await decisionsOf(
      'rules: [{name: read, match: {methods: [GET]}, require: {}, allowPreflight: true}]',
    );
    expect(decide(asking(asked, origins)).outcome).toBe('deny');
  });

  test('allows only requests with one origin', async () => {
    const decide = await decisionsOf(
      'rules: [{name: read, match: {methods: [GET]}, require: {}, allowPreflight: true}, {name: rest, require: {}, allowPreflight: true}]',
    );
    expect(decide(asking(['GET']))).toMatchObject({ reason: 'allowed', rule: 'read' });
    for (const origins of [[], ['https://a', 'https://b'], ['https://a', 'https://a']])
      expect(decide(asking(['GET'], origins))).toMatchObject({ reason: 'token_missing', rule: 'rest' });
  });

  test('of a rule for all methods allows the preflights of browsers', async () => {
    const decide = await decisionsOf('rules: [{name: all, require: {}, allowPreflight: true}]');
    for (const method of ['GET', 'DELETE', 'patch', 'X-OWN'])
      expect(decide(asking([method]))).toMatchObject({ reason: 'allowed' });
    for (const asked of [[], [''], ['GET', 'PUT'], ['GET, PUT'], ['GET ']])
      expect(decide(asking(asked))).toMatchObject({ reason: 'token_missing' });
  });
});

/** The methods that an upstream can read in a preflight: the first line, the last or all, in any case. */
function readingsOf(asked: readonly string[]): readonly string[] {
  return asked
    .flatMap((line) => [line, ...line.split(',')])
    .flatMap((part) => [part.trim(), part.trim().toUpperCase()])
    .filter((method) => method !== '');
}

const methods = ['GET', 'PUT', 'DELETE', 'OPTIONS'];
const anyRule = fc.record({
  methods: fc.option(fc.uniqueArray(fc.constantFrom(...methods), { minLength: 1 }), { nil: undefined }),
  kind: fc.constantFrom('allow: anonymous', 'deny: true', 'require: {}', 'require: {scopes: [none]}'),
  allowPreflight: fc.boolean(),
});
const anyAsked = fc.array(
  fc.constantFrom(...methods, 'delete', '', 'GET, DELETE', 'DELETE,GET', ' DELETE', 'PATCH'),
  { maxLength: 3 },
);

test('with any rules, an allowed preflight has a rule for each method that an upstream can read in it', async () => {
  let [checked, passed] = [0, 0];
  const property = fc.asyncProperty(
    fc.array(anyRule, { minLength: 1, maxLength: 4 }),
    fc.array(fc.record({ asked: anyAsked, hasToken: fc.boolean(), origins: fc.nat(2) }), { minLength: 8 }),
    async (generated, requests) => {
      const rules = generated.map(({ methods: listed, kind, allowPreflight }, index) => {
        const match = listed === undefined ? '{}' : `{methods: [${listed.join()}]}`;
        return `{name: r${index}, match: ${match}, ${kind}, allowPreflight: ${allowPreflight}}`;
      });
      const config = await configOf(
        `issuers: [{issuer: "https://idp.example.com", audiences: [orders-api]}]\nrules: [${rules.join()}]`,
      ).catch((error: unknown) => {
        if (error instanceof ConfigError) return undefined;
        throw error;
      });
      if (config === undefined) return;
      const decide = decisionsBy(config);
      for (const { asked, hasToken, origins } of requests) {
        const authorization = hasToken ? ['Bearer x'] : [];
        const request = asking(
          asked,
          Array.from({ length: origins }, () => 'https://shop.example.com'),
        );
        const { outcome, rule } = decide({ ...request, authorization });
        checked++;
        if (outcome !== 'allow') continue;
        passed++;
        const by = generated[Number(rule?.slice(1))];
        const readings = readingsOf(asked);
        if (by?.methods !== undefined && asked.length > 0)
          expect(by.methods).toEqual(expect.arrayContaining([...readings]));
        const isPlainOpen = decide({ ...asking([]), authorization }).outcome === 'allow';
        // The header can only allow more through a rule with methods, or a rule for all methods with allowPreflight.
        if (!isPlainOpen) expect(by?.methods !== undefined || by?.allowPreflight).toBe(true);
      }
    },
  );
  await fc.assert(property, { numRuns: 400 });
  expect(checked).toBeGreaterThan(1_000);
  expect(passed).toBeGreaterThan(100);
});
