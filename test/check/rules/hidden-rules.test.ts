/** A rule that is reported as hidden never decides, tested with many requests. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSelectRule } from '../../../src/check/rules/select-rule.ts';
import type { Config } from '../../../src/config/declare/options.ts';
import type { RuleConfig } from '../../../src/config/rules/rule-options.ts';
import { ruleProblems } from '../../../src/config/rules/rule-problems.ts';
import { checkRequest } from '../../support/requests.ts';

const parts = ['a', 'A', 'b', ''];
const pathsAsked = parts.flatMap((one) => [
  `/${one}`,
  ...(one === ''
    ? []
    : parts.flatMap((two) => [`/${one}/${two}`, ...(two === '' ? [] : [`/${one}/${two}/`])])),
]);
const hostsAsked = ['a.com', 'b.a.com', 'a.com:80', 'b.a.com:80', 'b.a.com:81', 'c.com'];
const patterns = ['/a', '/A', '/a/', '/', '/a/b', '/A/{*}', '/{*}', '/a/{**}', '/A/{**}', '/{**}', '/*'];
const hosts = ['a.com', '*.a.com', 'a.com:80', '*.a.com:80'];

const rule = fc.record(
  {
    kind: fc.constantFrom('anonymous', 'deny', 'require', 'shadow'),
    paths: fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 3 }),
    hosts: fc.uniqueArray(fc.constantFrom(...hosts), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['kind'] },
);

const runs = Number(process.env.RUNS ?? 3_000);

test('a rule that is reported as hidden never decides, with any options', () => {
  let hidden = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 2, maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      (list, ignoreCase, ignoreTrailingSlash) => {
        const rules = list.map(
          ({ kind, ...match }, index) =>
            ({
              name: `r${index}`,
              match: { headers: {}, ...match },
              ...(kind === 'anonymous' && { allow: 'anonymous' }),
              ...((kind === 'deny' || kind === 'shadow') && { deny: true }),
              ...(kind === 'shadow' && { mode: 'shadow' }),
              ...(kind === 'require' && { require: {} }),
            }) as unknown as RuleConfig,
        );
        const config = {
          rules,
          issuers: [],
          trustedHeaders: [],
          clientAddress: { header: 'x-forwarded-for', trustedProxies: [] },
          outputClaimToHeaders: [],
          outputTokenToHeader: '',
          shadow: { authorizer: '' },
          compat: 'none',
          http: { pathPrefix: '' },
          noRuleMatches: 'deny',
          mode: 'enforce',
          paths: { ignoreCase, ignoreTrailingSlash },
          hosts: { ports: 'exact' },
        } as unknown as Config;
        const called = ruleProblems(config).filter(({ message }) => message.includes('never decides'));
        if (called.length === 0) return;
        hidden++;
        const select = createSelectRule(rules, () => undefined, config);
        const deciding = new Set(
          pathsAsked.flatMap((path) => hostsAsked.map((host) => select(checkRequest({ path, host })))),
        );
        for (const { path } of called) expect(deciding.has(path[1] as number)).toBe(false);
      },
    ),
    { numRuns: runs },
  );
  // Ensures that something was compared.
  expect(hidden).toBeGreaterThan(runs / 20);
});
