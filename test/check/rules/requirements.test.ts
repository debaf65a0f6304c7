/** Requirements of a rule: all members of a list, or one of them. */
import { describe, expect, test } from 'vitest';
import { createContextOf } from '../../../src/check/rules/expression-context.ts';
import { createRuleRequirements } from '../../../src/check/rules/requirements.ts';
import type { RuleConfig } from '../../../src/config/rules/rule-options.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { noMemory } from '../../support/identity-memory.ts';
import { checkRequest } from '../../support/requests.ts';

async function requireOf(text: string): Promise<NonNullable<RuleConfig['require']>> {
  const { rules } = await configOf(
    `${fileFor('https://issuer.example.com')}\ntrustedHeaders: [host]\nrules: [{name: a, require: ${text}}]`,
  );
  const required = rules?.[0]?.require;
  if (required === undefined) throw new TypeError('the rule requires nothing');
  return required;
}

const identity = (scopes: readonly string[], claims: object): Identity => ({
  issuer: 'https://issuer.example.com',
  issuerName: 'main',
  subject: 'alice',
  audiences: [],
  scopes,
  expiresAt: 0,
  confirmation: undefined,
  text: JSON.stringify(claims),
  form: 'json',
  memory: noMemory(),
});

const fail = () => {
  throw new TypeError('no expression is evaluated here');
};
const noContext = Object.assign(fail, { withPort: fail });

test.each([
  ['{scopes: [a, b]}', ['a'], {}, 'scope_insufficient'],
  ['{scopes: [a, b]}', ['b', 'c'], {}, 'scope_insufficient'],
  ['{scopes: [a, b]}', ['b', 'a'], {}, undefined],
  ['{anyScopes: [a, b]}', ['c'], {}, 'scope_insufficient'],
  ['{anyScopes: [a, b]}', ['b'], {}, undefined],
  ['{claims: {tenant: acme, role: admin}}', [], { tenant: 'acme' }, 'claim_not_allowed'],
  ['{claims: {tenant: acme, role: admin}}', [], { tenant: 'acme', role: 'user' }, 'claim_not_allowed'],
  ['{claims: {tenant: acme, role: admin}}', [], { tenant: 'acme', role: ['user', 'admin'] }, undefined],
])('%s of scopes %j and claims %j: %s', async (text, scopes, claims, reason) => {
  const failedRequirement = createRuleRequirements(await requireOf(text), noContext, 16 * 1024);
  expect(failedRequirement(identity(scopes, claims), checkRequest())?.reason).toBe(reason);
});

describe('for a host with a port, an expression is evaluated', () => {
  test.each([
    ['request.host == "a"', 2],
    ['claims.a == "b" || request . host.endsWith("a")', 2],
    ['[request].exists(r, r.host == "a")', 2],
    ['dyn(request) == claims.a', 2],
    ['[claims.a].exists(request, request.host == "a")', 2],
    // It has the message but does not read it.
    ['claims.host == "a"', 1],
    ['claims.a == "request.host"', 1],
    ['request.headers["host"] == "a"', 1],
    ['claims.a == "b" && request.path == "/"', 1],
    ['token.issuer == "a"', 1],
  ])('%s: %i times', async (expression, times) => {
    let evaluations = 0;
    const contextOf = createContextOf([], createTestClock());
    const counted = Object.assign(
      (...args: Parameters<typeof contextOf>) => {
        evaluations++;
        return contextOf(...args);
      },
      {
        withPort: (...args: Parameters<typeof contextOf>) => {
          evaluations++;
          return contextOf.withPort(...args);
        },
      },
    );
    const required = await requireOf(`{expression: '${expression}'}`);
    const evaluate = (namesPort: boolean) => {
      evaluations = 0;
      createRuleRequirements(
        required,
        counted,
        16 * 1024,
        namesPort,
      )(identity([], { a: 'c', host: 'b' }), checkRequest({ host: 'b:8443' }));
      return evaluations;
    };
    expect(evaluate(false)).toBe(times);
    // The rule lists the port, so the expression gets only the name.
    expect(evaluate(true)).toBe(1);
  });
});
