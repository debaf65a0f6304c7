/** Mutants of the ends of sessions that issuers tell, and of the list that every process follows. */
import type { Mutant } from './mutant.ts';

const token = 'src/credential/logout-token/verify-logout-token.ts';
const list = 'src/session/ended-sessions.ts';
const verify = ['test/credential/logout-token/verify-logout-token.test.ts'];
const answers = ['test/login/back-channel/logout-answers.test.ts'];
const ended = ['test/session/ended-sessions.test.ts'];
const reloads = ['test/service/logins/ended-sessions.test.ts'];
const routes = ['test/transport/login/logout-routes.test.ts'];

/** Each removes one defence. */
export const logoutMutants: readonly Mutant[] = [
  {
    name: 'an ID token is a logout token',
    file: token,
    find: "Object.hasOwn(claims, 'nonce') || Object.hasOwn(claims, 'at_hash')",
    replace: "Object.hasOwn(claims, 'at_hash')",
    tests: verify,
  },
  {
    name: 'a token without the event is a logout token',
    file: token,
    find: 'isObject(events) && Object.hasOwn(events, event) && isObject(events[event])',
    replace: 'isObject(events ?? {})',
    tests: verify,
  },
  {
    name: 'the value of the event does not count',
    file: token,
    find: ' && isObject(events[event])',
    replace: '',
    tests: verify,
  },
  {
    name: 'a logout token has any typ',
    file: token,
    find: "if (!isUsual) return 'is another kind of token (typ)';",
    replace: '',
    tests: verify,
  },
  {
    name: 'a logout token is for any client',
    file: token,
    find: 'audiences?.includes(clientId) === true',
    replace: 'audiences !== undefined',
    tests: verify,
  },
  {
    name: 'a logout token is of any issuer with the same keys',
    file: token,
    find: "if (readString(claims, 'iss') !== issuer) return 'has another iss';",
    replace: '',
    tests: verify,
  },
  {
    name: 'an old logout token counts',
    file: token,
    find: 'issuedAt < now - maxAge - tolerance || ',
    replace: '',
    tests: verify,
  },
  {
    name: 'a logout token after its end counts',
    file: token,
    find: ' || (expiresAt !== undefined && expiresAt <= now - tolerance)',
    replace: '',
    tests: verify,
  },
  {
    name: 'a logout token without jti counts',
    file: token,
    find: "if (typeof id !== 'string' || id === '') return 'has no jti';",
    replace: '',
    tests: verify,
  },
  {
    name: 'jose does not verify a logout token',
    file: token,
    find: 'if (!(await isVerifiedByJose(token, verified)))',
    replace: 'if (verified.claims.iss === undefined)',
    tests: verify,
  },
  {
    name: 'an algorithm that the issuer does not list counts for logout tokens',
    file: token,
    find: 'algorithmProblem(header.algorithm, algorithms()) ??',
    replace: 'algorithmProblem(header.algorithm, undefined) ??',
    tests: verify,
  },
  {
    name: 'a logout token counts twice in a process',
    file: 'src/login/back-channel/used-logout-tokens.ts',
    find: 'if (used.has(name)) return false;',
    replace: '',
    tests: answers,
  },
  {
    name: 'a logout token counts once in each process',
    file: 'src/login/back-channel/used-logout-tokens.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: "return (await state?.set(`logout-token:${name}`, '1', life, 'absent')) ?? true;",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    replace: "return (await state?.set(`logout-token:${name}`, '1', life)) ?? true;",
    tests: answers,
  },
  {
    name: 'any number of logout tokens waits at the same time',
    file: 'src/login/back-channel/back-channel-logout.ts',
    find: 'const mostAtOnce = 64;',
    replace: 'const mostAtOnce = 6_400;',
    tests: answers,
  },
  {
    name: 'any number of logout tokens waits for a key of the issuer',
    file: 'src/login/back-channel/key-waits.ts',
    find: 'fetching && limit(() => fetching)',
    replace: 'fetching',
    tests: answers,
  },
  {
    name: 'a frame ends sessions without a sid',
    file: 'src/login/back-channel/front-channel-logout.ts',
    find: 'sid === undefined || sid.length > maxSid',
    replace: "(sid ?? '').length > maxSid",
    tests: answers,
  },
  {
    name: 'a frame of any issuer ends sessions',
    file: 'src/login/back-channel/front-channel-logout.ts',
    find: 'iss !== issuer || ',
    replace: '',
    tests: answers,
  },
  {
    name: 'any number of frames ends sessions',
    file: 'src/login/back-channel/front-channel-logout.ts',
    find: "if (!bucket.take(clock.monotonic())) return finish('too_many');",
    replace: '',
    tests: answers,
  },
  {
    name: 'a form with two logout tokens is read',
    file: 'src/transport/login/logout-routes.ts',
    find: 'isOnly ? token : undefined',
    replace: 'token',
    tests: routes,
  },
  {
    name: 'a logout token can have any size',
    file: 'src/transport/login/logout-routes.ts',
    find: "{ bodyLimit: maxForm, onRequest: only('POST') }",
    replace: "{ bodyLimit: 100 * maxForm, onRequest: only('POST') }",
    tests: routes,
  },
  {
    name: 'a frame displaces what an issuer ended',
    file: list,
    find: "cause === 'front_channel' ? fromBrowsers : names",
    replace: 'names',
    tests: ended,
  },
  {
    name: 'a flood of frames fills the store',
    file: list,
    find: "if (cause === 'front_channel' && fromBrowsers.isFull()) return Promise.resolve(false);",
    replace: '',
    tests: ended,
  },
  {
    name: 'a person can never sign in again',
    file: list,
    find: 'for (const name of before) add(to, name, cause, time, life);',
    replace: 'for (const name of before) add(to, name, cause, Number.POSITIVE_INFINITY, life);',
    tests: ended,
  },
  {
    name: 'a cached session is never looked up again',
    file: list,
    find: 'known?.version === version && known.keyIds === keyIds',
    replace: 'known !== undefined',
    tests: ended,
  },
  {
    name: 'a cached session is not looked up again after a change of the keys',
    file: list,
    find: 'known?.version === version && known.keyIds === keyIds',
    replace: 'known?.version === version',
    tests: ended,
  },
  {
    name: 'sessions in cookies wait for a store that is no longer configured',
    file: list,
    find: 'feed = state === undefined ? undefined : followed?.feed;',
    replace: 'feed = followed?.feed;',
    tests: reloads,
  },
  {
    name: 'a store that a reload adds is not followed',
    file: 'src/service/session-places.ts',
    find: '      ended.follow(state);\n',
    replace: '',
    tests: reloads,
  },
  {
    name: 'an end that the store does not take is lost',
    file: 'src/session/ended-feed.ts',
    find: 'retryAfter(pauses.first);',
    replace: '',
    tests: ended,
  },
  {
    name: 'an end that waits for longer than its life is lost',
    file: 'src/session/ended-feed.ts',
    find: 'endsAt: begun + longest,',
    replace: 'endsAt: begun + life,',
    tests: ended,
  },
  {
    name: 'a process with sessions in the store cuts the feed of those with sessions in cookies',
    file: list,
    find: 'longestLife: () => lives().here',
    replace: 'longestLife: () => lives().feed',
    tests: ended,
  },
  {
    name: 'any number of ends waits for the store',
    file: 'src/session/ended-feed.ts',
    find: 'waiting.length >= maxWaiting',
    replace: 'waiting.length >= 2 * maxWaiting',
    tests: ended,
  },
  {
    name: 'a process that knows no ends accepts sessions in cookies',
    file: 'src/session/in-cookie.ts',
    find: 'if (!knowsEnds()) return unknownEnds;',
    replace: '',
    tests: ['test/session/in-cookie.test.ts'],
  },
];
