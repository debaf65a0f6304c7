/** Mutants of the console. */
import type { Mutant } from './mutant.ts';

const folder = 'src/transport/console';
const server = ['test/transport/console/server.test.ts'];
const sessions = ['test/transport/console/sessions.test.ts'];
const templates = ['test/runtime/html.test.ts'];

/** Each removes one defence of the console. */
export const consoleMutants: readonly Mutant[] = [
  {
    name: 'the console has no guard',
    file: `${folder}/server.ts`,
    find: '!hasAccess && !isOpen',
    replace: '(false as boolean) && !isOpen',
    tests: server,
  },
  {
    name: 'the origin of a form does not count',
    file: `${folder}/form-protection.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: "origin === `${isTls ? 'https' : 'http'}://${host}`",
    replace: "origin !== ''",
    tests: sessions,
  },
  {
    name: 'a form without an origin is accepted',
    file: `${folder}/form-protection.ts`,
    find: 'return hasAuthorization;',
    replace: 'return true;',
    tests: sessions,
  },
  {
    name: 'a form needs no form token',
    file: `${folder}/server.ts`,
    find: 'isOwn && forms.isOwn(sessionOf(request), value)',
    replace: "isOwn && value !== ' '",
    tests: server,
  },
  {
    name: 'a template does not escape',
    file: 'src/runtime/html.ts',
    find: "if (typeof value === 'string') return escaped(value);",
    replace: "if (typeof value === 'string') return value;",
    tests: templates,
  },
  {
    name: 'a parsed object is a part of a page',
    file: 'src/runtime/html.ts',
    find: "Object.hasOwn(value, isPart) ? value.markup : ''",
    replace: 'value.markup',
    tests: templates,
  },
  {
    name: 'a session never ends',
    file: `${folder}/sessions.ts`,
    find: 'session.endsAt > clock.monotonic() && ',
    replace: '',
    tests: sessions,
  },
  {
    name: 'a session outlives its token',
    file: `${folder}/sessions.ts`,
    find: ' && session.token === tokenDigest()',
    replace: '',
    tests: sessions,
  },
  {
    name: 'an empty token file signs in',
    file: `${folder}/sessions.ts`,
    find: "current === undefined || current === '' ? undefined : digest(current)",
    replace: "digest(current ?? '')",
    tests: sessions,
  },
  {
    name: 'sign-ins that fail are not limited',
    file: `${folder}/server.ts`,
    find: 'if (!limits.maySignIn())',
    replace: 'if (!limits.maySignIn() && limits.begin() === 429)',
    tests: server,
  },
  {
    name: 'the requests at the same time are not limited',
    file: `${folder}/request-limits.ts`,
    find: 'if (running >= maxAtOnce) return 503;',
    replace: '',
    tests: sessions,
  },
  {
    name: 'the page Explain shows the query again',
    file: `${folder}/explain-page.ts`,
    find: 'withoutQuery(asked.path)',
    replace: 'asked.path',
    tests: server,
  },
  {
    name: 'an operator can fetch keys without limit',
    file: 'src/issuer/issuer.ts',
    find: 'isStopped || clock.monotonic() - forcedAt < timing.minRefreshInterval) return false;',
    replace: 'isStopped) return false;',
    tests: ['test/issuer/issuer.test.ts'],
  },
];
