/** Mutants of the decision and of what is forwarded. */
import type { Mutant } from './mutant.ts';

const core = ['test/check', 'test/contract/contract.test.ts'];
const rules = ['test/rules', 'test/contract/contract.test.ts'];
const inTime = ['test/check/in-time.test.ts'];
const preflight = ['test/rules/preflight.test.ts'];

/** Each removes one check of `src/check`. */
export const check: readonly Mutant[] = [
  {
    name: 'the first of two authorization headers counts',
    file: 'src/check/credential.ts',
    find: 'if (authorization.length > 1) return duplicated;',
    replace: '',
    tests: core,
  },
  {
    name: 'a longer word that begins with the scheme is the scheme',
    file: 'src/check/credential.ts',
    find: 'return next === space || Number.isNaN(next) || !isTokenCharacter(next);',
    replace: 'return next === space || Number.isNaN(next) || next > 0;',
    tests: core,
  },
  {
    name: 'an exception in a check is not caught',
    file: 'src/check/authenticate.ts',
    find: 'return decision instanceof Promise ? decision.catch(internalError) : decision;',
    replace: 'return decision;',
    tests: core,
  },
  {
    name: 'a bound token needs no proof',
    file: 'src/check/authenticate.ts',
    find: "if (identity.confirmation === undefined && scheme === 'bearer')",
    replace: "if (scheme === 'bearer')",
    tests: [...core, 'test/proof', 'test/rules'],
  },
  {
    name: 'a client may supply another spelling of a header',
    file: 'src/check/forward.ts',
    find: '...outputs.flatMap(({ header }) => otherSpellings(header)),',
    replace: '',
    tests: core,
  },
  {
    name: 'a header whose claim is absent is not removed',
    file: 'src/check/forward.ts',
    find: 'remove.push(header);',
    replace: '',
    tests: core,
  },
  {
    name: 'headers of other rules are not removed',
    file: 'src/check/forward.ts',
    find: ".flatMap((header) => [header, ...otherSpellings(header)]),\n    ...(forwardOriginalToken ? [] : ['authorization']),\n  ];\n  const removeAll",
    replace:
      ".flatMap((header) => otherSpellings(header)),\n    ...(forwardOriginalToken ? [] : ['authorization']),\n  ];\n  const removeAll",
    tests: rules,
  },
  {
    name: 'the token is forwarded although it must not be',
    file: 'src/check/forward.ts',
    find: "...(forwardOriginalToken ? [] : ['authorization']),\n  ];\n  const removeAll",
    replace: '];\n  const removeAll',
    tests: core,
  },
  {
    name: 'an anonymous request keeps the identity headers of the client',
    file: 'src/check/forward.ts',
    find: '...[...headers].flatMap((header) => [header, ...otherSpellings(header)]),',
    replace: '',
    tests: rules,
  },
  {
    name: 'a value of any length is forwarded',
    file: 'src/check/forward.ts',
    find: "if (text.length > maxValueBytes) return { withheld: ['length'] };",
    replace: '',
    tests: core,
  },
  {
    name: 'a value may hold a line break at its end',
    file: 'src/check/forward.ts',
    find: '/^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$/.test(text)',
    replace: '/^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?/.test(text)',
    tests: core,
  },
  {
    name: 'a group that holds a comma is forwarded',
    file: 'src/check/forward.ts',
    find: "else if (text.includes(',')) causes.add('comma');",
    replace: '',
    tests: core,
  },
  {
    name: 'all headers together may have any length',
    file: 'src/check/forward.ts',
    find: 'value.text !== undefined && total + value.text.length <= maxTotalBytes',
    replace: 'value.text !== undefined',
    tests: core,
  },
  {
    name: 'a quote in the realm ends its string',
    file: 'src/check/challenge.ts',
    find: ".replaceAll(/[\"\\\\]/g, '\\\\$&')",
    replace: '',
    tests: core,
  },
  {
    name: 'a rule that denies lets a good token pass',
    file: 'src/check/ruled-check.ts',
    find: "? () => 'rule_denied' as const",
    replace: '? () => undefined',
    tests: rules,
  },
  {
    name: 'a request that no rule matches passes with a token',
    file: 'src/check/ruled-check.ts',
    find: "noRuleMatches === 'token'\n",
    replace: 'noRuleMatches !== undefined\n',
    tests: rules,
  },
  {
    name: 'an exception in the selection of a rule is not caught',
    file: 'src/check/ruled-check.ts',
    find: '    } catch (cause) {\n      return internalError(cause);',
    replace: '    } catch (cause) {\n      throw cause;',
    tests: core,
  },
  {
    name: 'a prefix of a policy ends within a segment',
    file: 'src/check/policy-check.ts',
    find: 'return Number.isNaN(next) || next === slash || next === questionMark;',
    replace: 'return Number.isNaN(next) || next > 0;',
    tests: rules,
  },
  {
    name: 'over gRPC the path chooses the policy',
    file: 'src/check/policy-check.ts',
    find: 'const isByPath = request.policy === undefined;',
    replace: "const isByPath = request.policy === undefined || request.policy === '';",
    tests: rules,
  },
  {
    name: 'a check may wait without an end',
    file: 'src/check/in-time.ts',
    find: 'decision instanceof Promise ? withDeadline(decision, deadline, clock, () => overloaded) : decision',
    replace: 'decision',
    tests: inTime,
  },
  {
    name: 'a good token passes with a pre-flight request for a method that the rule does not list',
    file: 'src/check/ruled-check.ts',
    find: "isUnlisted(request) ? 'rule_denied' : unmet(identity, request)",
    replace: 'unmet(identity, request)',
    tests: preflight,
  },
  {
    name: 'a pre-flight request for a method that the rule does not list passes without a token',
    file: 'src/check/ruled-check.ts',
    find: ' && !isUnlisted(request))\n',
    replace: ')\n',
    tests: preflight,
  },
  {
    name: 'a request that passes only because its rule is tried leaves no record',
    file: 'src/observe/recorded.ts',
    find: '      decision.shadow === undefined &&\n',
    replace: '',
    tests: ['test/observe/records.test.ts'],
    project: 'live',
  },
];
