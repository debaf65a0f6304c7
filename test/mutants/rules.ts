/** Mutants of what rules match and require. */
import type { Mutant } from './mutant.ts';

const rules = ['test/rules', 'test/contract/contract.test.ts'];

/** Each removes one check of `src/rules`. */
export const rulesMutants: readonly Mutant[] = [
  {
    name: 'a rule is for every issuer',
    file: 'src/rules/require.ts',
    find: "if (issuers !== undefined && !issuers.includes(identity.issuerName)) return 'rule_denied';",
    replace: '',
    tests: rules,
  },
  {
    name: 'a rule is for every audience',
    file: 'src/rules/require.ts',
    find: 'if (audiences !== undefined && !identity.audiences.some(isOurs))',
    replace: 'if (audiences !== undefined && audiences.length === 0)',
    tests: rules,
  },
  {
    name: 'one of the scopes of a rule is enough',
    file: 'src/rules/require.ts',
    find: 'if (!hasScopes(identity.scopes))',
    replace: 'if (scopes.length > 0 && !identity.scopes.some(createIsOneOf(scopes)))',
    tests: rules,
  },
  {
    name: 'none of `anyScopes` is needed',
    file: 'src/rules/require.ts',
    find: 'anyScopes !== undefined && !identity.scopes.some(isAnyScope)',
    replace: 'anyScopes !== undefined && anyScopes.length === 0',
    tests: rules,
  },
  {
    name: 'the first of two headers with scopes counts',
    file: 'src/rules/require.ts',
    find: 'return others.length > 0 || scopes.size === 0 ? undefined',
    replace: 'return others.length < 0 || scopes.size === 0 ? undefined',
    tests: rules,
  },
  {
    name: 'a header without scopes asks for none',
    file: 'src/rules/require.ts',
    find: 'return others.length > 0 || scopes.size === 0 ? undefined',
    replace: 'return others.length > 0 ? undefined',
    tests: rules,
  },
  {
    name: 'one claim of several is enough',
    file: 'src/rules/require.ts',
    find: 'return wanted.every(([name, values]) => claimHoldsOne(own, name, values));',
    replace: 'return wanted.some(([name, values]) => claimHoldsOne(own, name, values));',
    tests: rules,
  },
  {
    name: 'an expression that cannot be evaluated is met',
    file: 'src/rules/require.ts',
    find: "return 'rule_failed';",
    replace: 'return undefined;',
    tests: rules,
  },
  {
    name: 'the first of two parameters counts',
    file: 'src/rules/context.ts',
    find: 'values.has(name) ? undefined : value',
    replace: 'values.get(name) ?? value',
    tests: rules,
  },
];
