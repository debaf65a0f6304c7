/** Mutants of the addresses of fetches, and of preflight requests. */
import type { Mutant } from './mutant.ts';

const lookup = ['test/issuer/fetch/guarded-lookup.test.ts'];
const preflight = ['test/check/rules/preflight.test.ts'];

/** Each removes one check of `src/issuer/fetch/guarded-lookup.ts` or `src/check/rules/preflight.ts`. */
export const fetchTargets: readonly Mutant[] = [
  {
    name: 'a name can have a link-local address',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: "if (reach !== 'open') return reach;",
    replace: '',
    tests: lookup,
  },
  {
    name: 'a name of this machine with another address is fetched over http',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: "return url.protocol === 'http:' && !insecureHttp ? 'an address of another machine' : undefined;",
    replace: 'return undefined;',
    tests: lookup,
  },
  {
    name: 'the further addresses of a name are not checked',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: 'for (const { address } of addresses) {',
    replace: 'for (const { address } of addresses.slice(0, 1)) {',
    tests: lookup,
  },
  {
    name: 'an https issuer can lead to http',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: 'if (isSecure && url.origin !== document.origin)',
    replace: 'if (isSecure && url.origin === "")',
    tests: lookup,
  },
  {
    name: 'a document may lead to this machine',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: 'return isLoopback(url) && !mayUseLoopback(url, document)\n',
    replace: 'return isLoopback(url) && url.hostname === ""\n',
    tests: lookup,
  },
  {
    name: 'only a document on a loopback address may lead to its own host',
    file: 'src/issuer/fetch/guarded-lookup.ts',
    find: 'document.hostname === url.hostname || isLoopback(document)',
    replace: 'isLoopback(document)',
    tests: lookup,
  },
  {
    name: 'a preflight request may name two methods',
    file: 'src/check/rules/preflight.ts',
    find: 'others.length === 0 && methodPattern.test(method)',
    replace: 'methodPattern.test(method)',
    tests: preflight,
  },
  {
    name: 'the first of two lines names the method of a preflight request',
    file: 'src/check/rules/preflight.ts',
    find: 'others.length > 0 || !(methods',
    replace: '!(methods',
    tests: preflight,
  },
];
