/** Mutants of the configuration of a login, and of the tools that read it. */
import type { Mutant } from './mutant.ts';

const problems = ['test/config/login/login-problems.test.ts'];
const section = 'src/config/login/login-section-problems.ts';

/** Each accepts a login that is not safe or cannot work, or shows a secret. */
export const loginConfig: readonly Mutant[] = [
  {
    name: 'a browser can go to another site after a sign-out, by a path with two slashes',
    file: section,
    find: 'if (!/^\\/(?!\\/)[\\x21-\\x5b\\x5d-\\x7e]*$/.test(path))',
    replace: 'if (!/^\\/[\\x21-\\x5b\\x5d-\\x7e]*$/.test(path))',
    tests: problems,
  },
  {
    name: 'a browser can go to any host after a sign-out',
    file: section,
    find: 'if (!isListed(login.hosts)) return',
    replace: 'if (false) return',
    tests: problems,
  },
  {
    name: 'the domain of the session cookie need not contain every host',
    file: section,
    find: 'return name === domain || ',
    replace: 'return true || ',
    tests: problems,
  },
  {
    name: 'a host over plain http need not be a host of the login',
    file: section,
    find: 'if (!hosts.some((other) => names.some((name) => hostCovers(other, name))))',
    replace: 'if (false)',
    tests: problems,
  },
  {
    name: 'every origin may read the answer of a request without a session',
    file: section,
    find: "if (origin === '*') report(",
    replace: 'if (false) report(',
    tests: problems,
  },
  {
    name: 'another path may be below the callback',
    file: section,
    find: 'if (path.startsWith(',
    replace: 'if (false && path.startsWith(',
    tests: problems,
  },
  {
    name: 'a login need not request an ID token',
    file: 'src/config/login/issuer-login-problems.ts',
    find: "if (Array.isArray(scopes) && !scopes.includes('openid'))",
    replace: 'if (false)',
    tests: problems,
  },
  {
    name: 'the name of an issuer may change the path of its redirect URI',
    file: 'src/config/login/login-problems.ts',
    find: 'login === undefined || /^(?=.*[^.])[A-Za-z0-9._~-]*[A-Za-z0-9_~-]$/.test(name)',
    replace: 'login === undefined || true',
    tests: problems,
  },
  {
    name: 'the name of a policy may be that of a login cookie',
    file: 'src/config/login/login-problems.ts',
    find: '/^login(-|$)|\\.[0-9]$/.test(name)',
    replace: '/\\.[0-9]$/.test(name)',
    tests: problems,
  },
  {
    name: 'a policy may have the host of an earlier one, if the earlier rule has a wildcard',
    file: 'src/config/login/policy-hosts-problems.ts',
    find: 'return hostCovers(other, one) ? [one] : [];',
    replace: 'return [];',
    tests: problems,
  },
  {
    name: 'a policy that only counts sessions may have the host of another one',
    file: 'src/config/login/policy-hosts-problems.ts',
    find: 'if (sessionRuleOf(rule, config) === undefined) return [];',
    replace: "if (sessionRuleOf(rule, config)?.when !== 'navigation') return [];",
    tests: problems,
  },
  {
    name: 'sessions count for a rule that says never',
    file: 'src/config/session/session-rule.ts',
    find: "if (rule.require === undefined || rule.login === 'never' || required === 'never') return undefined;",
    replace: 'if (rule.require === undefined) return undefined;',
    tests: ['test/tools/check-config/login.test.ts'],
  },
  {
    name: 'an explanation has the query of the request in the address of the login',
    file: 'src/service/explain/explain.ts',
    find: "return value.split('?', 1)[0] ?? '';",
    replace: 'return value;',
    tests: ['test/service/explain-login.test.ts'],
    project: 'live',
  },
  {
    name: 'the check of a WebSocket handshake would be an upgrade',
    file: 'src/config/rules/entry-headers.ts',
    find: "  'upgrade',\n",
    replace: "  'upgrade',\n  'connection',\n",
    tests: ['test/tools/generate/login.test.ts'],
  },
];
