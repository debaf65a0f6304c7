/** Rules in shadow mode next to enforced rules: a request that can match an enforced rule is not allowed by shadow mode. */
import { describe, expect, test } from 'vitest';
import { createOwnCheck } from '../../../src/service/own-check.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkRequest } from '../../support/requests.ts';

async function outcomeOf(options: string, request: { readonly path: string; readonly host: string }) {
  const config = await configOf(`issuers: [{issuer: "https://a.example.com", audiences: [a]}]\n${options}`);
  const withoutToken = () => ({ outcome: 'deny', reason: 'token_missing' }) as const;
  const decide = createOwnCheck(config, withoutToken, createTestClock());
  return (await decide(checkRequest(request))).outcome;
}

const rulesWith = (mode: string) =>
  `[{name: admin, match: {hosts: [a.example.com], paths: ["/admin/{**}"]}, deny: true${mode}}, {name: rest, require: {}}]`;

/** Requests that some server reads as `/admin/x` on the first host, and that match no other rule for all servers. */
const ambiguousRequests = [
  ['//admin/x', 'a.example.com'],
  ['/./admin/x', 'a.example.com'],
  ['/open/../admin/x', 'a.example.com'],
  ['/open/%2e%2e/admin/x', 'a.example.com'],
  ['/admin%2fx', 'a.example.com'],
  ['/%61dmin/x', 'a.example.com'],
  ['/admin;v=1/x', 'a.example.com'],
  ['/admin/x', 'a.example.com.'],
  ['/admin/x', 'a.example.com:8443'],
  ['/admin/x', 'a.example.com,b.example.com'],
] as const;

describe('a request that can match an enforced rule', () => {
  test.each(ambiguousRequests)(
    'is denied if the other rules have mode: shadow: %s on %s',
    async (path, host) => {
      const enforced = `mode: shadow\nrules: ${rulesWith(', mode: enforce')}`;
      expect(await outcomeOf(enforced, { path, host })).toBe('deny');
      expect(await outcomeOf(enforced, { path: '/other', host: 'a.example.com' })).toBe('allow');
    },
  );

  test.each(ambiguousRequests)('is allowed if all rules have mode: shadow: %s on %s', async (path, host) => {
    expect(await outcomeOf(`mode: shadow\nrules: ${rulesWith('')}`, { path, host })).toBe('allow');
  });

  test.each(ambiguousRequests)(
    'is denied if the enforced rule is in a policy: %s on %s',
    async (path, host) => {
      const policies = `mode: shadow\npolicies: [{name: p, pathPrefix: /p, rules: ${rulesWith(', mode: enforce')}}]`;
      expect(await outcomeOf(policies, { path: `/p${path}`, host })).toBe('deny');
    },
  );
});
