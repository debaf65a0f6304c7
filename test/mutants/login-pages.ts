/** Mutants of the pages of the login, and of its listener. */
import type { Mutant } from './mutant.ts';

const pages = ['test/login/pages/pages.test.ts'];
const languages = ['test/login/pages/languages.test.ts'];
const server = ['test/transport/login/server.test.ts'];

/** Each removes one defense of the pages or of the listener. */
export const loginPagesMutants: readonly Mutant[] = [
  {
    name: 'a page links to any address',
    file: 'src/login/pages/pages.ts',
    find: "return /^\\/(?![/\\\\])/.test(address) ? address : '/';",
    replace: 'return address;',
    tests: pages,
  },
  {
    name: 'a page links to another host by two slashes',
    file: 'src/login/pages/pages.ts',
    find: '/^\\/(?![/\\\\])/',
    replace: '/^\\//',
    tests: pages,
  },
  {
    name: 'the form of the sign-out posts to any address',
    file: 'src/login/pages/pages.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: '<form method="post" action="${ownPath(action)}">',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    replace: '<form method="post" action="${action}">',
    tests: pages,
  },
  {
    name: 'a long name makes a long page',
    file: 'src/login/pages/pages.ts',
    find: 'characters.length > longestName ?',
    replace: 'characters.length < 0 ?',
    tests: pages,
  },
  {
    name: 'a page allows every style',
    file: 'src/login/pages/frame.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: 'style-src ${stylesheetSource}',
    replace: "style-src 'unsafe-inline'",
    tests: pages,
  },
  {
    name: 'a page without a form allows forms',
    file: 'src/login/pages/frame.ts',
    find: `: "'none'";`,
    replace: `: "'self'";`,
    tests: pages,
  },
  {
    name: 'the form of the sign-out cannot lead to the issuer',
    file: 'src/login/pages/frame.ts',
    find: "'self' https: http:",
    replace: "'self'",
    tests: ['test/e2e/login-pages.test.ts'],
    project: 'live',
  },
  {
    name: 'the form of the sign-out has no origin',
    file: 'src/login/pages/frame.ts',
    find: "hasForm ? 'same-origin' : 'no-referrer'",
    replace: "hasForm ? 'no-referrer' : 'no-referrer'",
    tests: ['test/e2e/login-pages.test.ts'],
    project: 'live',
  },
  {
    name: 'every page can be framed',
    file: 'src/login/pages/frame.ts',
    find: 'isFramed ? policy :',
    replace: "isFramed || tone !== 'bad' ? policy :",
    tests: pages,
  },
  {
    name: 'a page has no policy of its own if the mesh drops that of its headers',
    file: 'src/login/pages/frame.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: '<meta http-equiv="Content-Security-Policy" content="${policy}">',
    replace: '',
    tests: pages,
  },
  {
    name: 'browsers guess the type of a page',
    file: 'src/login/pages/frame.ts',
    find: "    ['x-content-type-options', 'nosniff'],\n",
    replace: '',
    tests: pages,
  },
  {
    name: 'a refused language counts',
    file: 'src/login/pages/languages.ts',
    find: 'Number(weight) > best.weight',
    replace: 'Number(weight) >= best.weight',
    tests: languages,
  },
  {
    name: 'the whole of a long accept-language is read',
    file: 'src/login/pages/languages.ts',
    find: 'accepted.slice(0, longest)',
    replace: 'accepted',
    tests: languages,
  },
  {
    name: 'the login listener can answer with an allow',
    file: 'src/transport/login/server.ts',
    find: "if (decision.outcome === 'allow') throw",
    replace: "if (decision.reason !== 'allowed' && decision.outcome === 'allow') throw",
    tests: server,
  },
  {
    name: 'the login listener answers other paths',
    file: 'src/transport/login/server.ts',
    find: 'return decision === undefined ? notFound(reply) : send(reply, decision);',
    replace: "return send(reply, decision ?? { outcome: 'deny', reason: 'login_required' });",
    tests: server,
  },
  {
    name: 'the login listener reads large bodies',
    file: 'src/transport/login/server.ts',
    find: 'const maxBody = 1024;',
    replace: 'const maxBody = 1024 * 1024;',
    tests: server,
  },
  {
    name: 'a malformed address on the login listener is a failure of the server',
    file: 'src/transport/login/server.ts',
    find: "plainText(reply, 400, 'the address of the page is invalid');",
    replace: "plainText(reply, 500, 'the address of the page is invalid');",
    tests: server,
  },
  {
    name: 'the login listener keeps idle connections at its limit',
    file: 'src/transport/login/server.ts',
    find: 'if (sockets.size >= maxConnections) server.closeIdleConnections();',
    replace: '',
    tests: server,
  },
  {
    name: 'the login listener has no limit of connections',
    file: 'src/transport/login/server.ts',
    find: '    return maxConnections;\n',
    replace: '    return Number.POSITIVE_INFINITY;\n',
    tests: server,
  },
  {
    name: 'the login listener keeps its old certificate',
    file: 'src/transport/login/server.ts',
    find: 'if (options.tls !== undefined)',
    replace: 'if (options.tls !== undefined && options.port !== 0)',
    tests: server,
  },
  {
    name: 'a draining login listener keeps its connections',
    file: 'src/transport/login/server.ts',
    find: "if (isDraining) reply.header('connection', 'close');",
    replace: '',
    tests: server,
  },
  {
    name: 'the login listener drops cookies that do not fit into 16 KiB',
    file: 'src/transport/login/server.ts',
    find: '  maxHeaderSize: 112 * 1024,\n',
    replace: '',
    tests: server,
  },
];
