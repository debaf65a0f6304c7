/** A server that reads a path differently finds the same rule, or the request is denied. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSelectRule } from '../../../src/check/rules/select-rule.ts';
import { pathPatternProblem } from '../../../src/config/rules/patterns.ts';
import type { RuleConfig } from '../../../src/config/rules/rule-options.ts';
import { checkRequest } from '../../support/requests.ts';
import { firstRule, type ModelRule, type Step, steps } from './path-readers.ts';

const literals = ['public', 'admin', 'x', 'a b', 'v1.2', ''];
const patternPart = fc.constantFrom(...literals, 'public', 'admin', '{*}');
const pattern = fc
  .tuple(fc.array(patternPart, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '/{**}'))
  .map(([parts, rest]) => `/${parts.join('/')}${rest}`)
  .filter((text) => pathPatternProblem(text) === undefined);
const rule: fc.Arbitrary<ModelRule> = fc.record({
  kind: fc.constantFrom('anonymous', 'deny', 'require'),
  paths: fc.array(pattern, { minLength: 1, maxLength: 2 }),
});
/** Typical rules: one that is anonymous, one that requires something, and one for all other paths. */
const usual: fc.Arbitrary<ModelRule[]> = fc.constantFrom(
  [{ kind: 'anonymous', paths: ['/public/{**}'] }],
  [
    { kind: 'deny', paths: ['/admin/{**}', '/admin'] },
    { kind: 'anonymous', paths: ['/{**}'] },
  ],
  [
    { kind: 'require', paths: ['/{*}/admin/{**}'] },
    { kind: 'anonymous', paths: ['/{*}/{**}'] },
  ],
);
const rules = fc.oneof(usual, fc.array(rule, { minLength: 1, maxLength: 4 }));

const piece = fc.constantFrom(
  ...['/', '/', '/', '/', 'public', 'admin', 'public', 'admin', 'x', 'a b', 'v1.2'],
  ...['.', '..', '%2e', '%2E', '%2e%2e', '.%2e', '%252e', '%u002e', '%c0%ae', '%e0%80%ae', '...', '. .'],
  ...['%2F', '%2f', '%252f', '%5c', '%5C', '\\', '//', '%c0%af', '%ef%bc%8f', '%ef%bc%8e', '%e2%80%a5'],
  ...[';', ';x', ';x=/', '..;', '%3b', '#', '%23', '%3f', '?', '?x=/../admin', '%00', '%0a', '%09', '%7f'],
  ...['%20', '+', '%2b', '%61dmin', '%70ublic', 'adm%69n', 'ADMIN', 'Public', '%41dmin', '%25', '%'],
  ...[
    '%e2%80%8b',
    '%c2%ad',
    '%ef%bd%81dmin',
    '%ef%bc%9b',
    '%ef%bc%9f',
    '%ef%bc%83',
    '%ef%bc%85',
    '%cd%be',
    '..+',
    'e%cc%81',
    '%c3%a9',
    '%c2%a0',
    '%7e',
    '%40',
    '@',
    'http://h',
    '*',
  ],
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
  fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: fc.constantFrom(...'/.%2eEfF5cC;?#\\adminpublc x') }).map((text) => `/${text}`),
);
const reader = fc
  .array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 })
  .map((names) => names.map((name) => steps[name] as Step));
/** Each reader alone. */
const known: readonly (readonly string[])[] = [
  [],
  ['merges slashes', 'removes dot segments'],
  ['removes dot segments', 'merges slashes'],
  ['decodes', 'decodes', 'removes dot segments'],
  ['decodes', 'removes dot segments'],
  ['removes dot segments', 'decodes'],
  ['strips parameters', 'decodes', 'removes dot segments'],
  ['decodes', 'takes backslashes for slashes', 'removes dot segments'],
  ['decodes', 'drops dots and spaces at the end, as Windows does'],
  ['decodes what needs no escape', 'removes dot segments', 'merges slashes'],
  ['decodes', 'takes pluses for spaces', 'trims segments', 'removes dot segments'],
  ['decodes', 'plain Unicode', 'strips parameters'],
  ['decodes', 'plain Unicode', 'cuts at a question mark'],
  ['decodes', 'plain Unicode', 'cuts at a fragment'],
  ['decodes', 'composes Unicode', 'strips parameters'],
  ['decodes', 'plain Unicode', 'decodes', 'removes dot segments'],
  ...Object.keys(steps).map((name) => [name]),
];

const selectOf = (
  list: readonly ModelRule[],
  paths: { ignoreCase: boolean; ignoreTrailingSlash: boolean },
) => {
  const configs = list.map(
    ({ kind, paths: own }, index) =>
      ({
        name: `r${index}`,
        match: { headers: {}, paths: own },
        ...(kind === 'anonymous' && { allow: 'anonymous' }),
        ...(kind === 'deny' && { deny: true }),
        ...(kind === 'require' && { require: {} }),
      }) as unknown as RuleConfig,
  );
  const select = createSelectRule(configs, () => undefined, {
    paths,
    hosts: { ports: 'exact' },
    noRuleMatches: 'deny',
    mode: 'enforce',
  });
  return (path: string) => select(checkRequest({ path }));
};

/** The path that a server with these steps reads. Without decoding, a space in a pattern means its escape. */
function readAs(path: string, own: readonly Step[]): string {
  const [start = ''] = path.split('?', 1);
  return own.reduce((text, step) => step(text), start).replaceAll('%20', ' ');
}

const runs = Number(process.env.RUNS ?? 40_000);

test('a request that an anonymous rule allows matches this rule for every reader', () => {
  let passed = 0;
  let unusual = 0;
  fc.assert(
    fc.property(rules, target, reader, (list, path, drawn) => {
      const selected = selectOf(list, { ignoreCase: false, ignoreTrailingSlash: false })(path);
      if (typeof selected !== 'number' || list[selected]?.kind !== 'anonymous') return;
      passed++;
      if (/[%.+]/.test(path)) unusual++;
      for (const own of [drawn, ...known.map((names) => names.map((name) => steps[name] as Step))])
        expect([path, firstRule(list, readAs(path, own))]).toEqual([path, selected]);
    }),
    { numRuns: runs },
  );
  // Ensures that something was compared.
  expect(passed).toBeGreaterThan(runs / 200);
  expect(unusual).toBeGreaterThan(runs / 2_000);
});

test('with `paths.ignoreCase` and `ignoreTrailingSlash` also matches it for readers that ignore these, and no further request is allowed', () => {
  let passed = 0;
  fc.assert(
    fc.property(rules, target, (list, path) => {
      const strict = selectOf(list, { ignoreCase: false, ignoreTrailingSlash: false })(path);
      const selected = selectOf(list, { ignoreCase: true, ignoreTrailingSlash: true })(path);
      const kindOf = (found: typeof selected) => (typeof found === 'number' ? list[found]?.kind : 'deny');
      const strength = { anonymous: 0, require: 1, deny: 2 };
      expect(strength[kindOf(selected) ?? 'deny']).toBeGreaterThanOrEqual(strength[kindOf(strict) ?? 'deny']);
      if (typeof selected !== 'number' || list[selected]?.kind !== 'anonymous') return;
      passed++;
      const [start = ''] = path.split('?', 1);
      const text = decodeURIComponent(start);
      const isGuard = ({ kind }: ModelRule) => kind !== 'anonymous';
      for (const other of [text, `${text}/`, text.replace(/(.)\/$/, '$1')]) {
        const guard = firstRule(list, other, isGuard, 'si');
        expect([path, guard === -1 || guard > selected]).toEqual([path, true]);
      }
    }),
    { numRuns: runs / 4 },
  );
  expect(passed).toBeGreaterThan(runs / 1_000);
});

test('the query never matters', () => {
  fc.assert(
    fc.property(rules, target, fc.string(), (list, path, query) => {
      const [start = ''] = path.split('?', 1);
      const select = selectOf(list, { ignoreCase: true, ignoreTrailingSlash: true });
      expect(select(`${start}?${query}`)).toBe(select(start));
    }),
    { numRuns: runs / 10 },
  );
});
