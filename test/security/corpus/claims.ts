/** Cases of table C: claims. */
import type { Reason } from '../../../src/model/reasons.ts';
import { audience } from '../../support/fake-issuer.ts';
import { type Case, tokenCase, withClaims, withTexts } from './case.ts';

const now = () => Math.floor(Date.now() / 1000);

function claim(row: string, name: string, values: readonly unknown[], reason: Reason): Case[] {
  return values.map((value) =>
    tokenCase(row, `${name} ${JSON.stringify(value)?.slice(0, 60)}`, reason, (world) =>
      withClaims(world, { [name]: value }),
    ),
  );
}

/** A time relative to now, as a claim. */
function timed(row: string, name: string, offset: number, reason: Reason): Case {
  return tokenCase(row, `${name} now ${offset < 0 ? '-' : '+'} ${Math.abs(offset)} s`, reason, (world) =>
    withClaims(world, { [name]: now() + offset }),
  );
}

function payload(
  row: string,
  name: string,
  change: (text: string) => string | Uint8Array,
  reason: Reason,
  user?: string,
): Case {
  return tokenCase(
    row,
    `a payload with ${name}`,
    reason,
    (world) => withTexts(world, (header) => header, change),
    user === undefined ? {} : { user },
  );
}

const times: Case[] = [
  timed('C1', 'exp', -31, 'token_expired'),
  timed('C1', 'exp', -3600, 'token_expired'),
  timed('C1', 'exp', -20, 'allowed'),
  timed('C1', 'exp', 5, 'allowed'),
  timed('C1', 'exp', 0.5, 'allowed'),
  ...claim('C2', 'exp', [undefined], 'claim_missing'),
  ...claim(
    'C3',
    'exp',
    ['1e10', '4102444800', true, false, [], [4102444800], {}, -1, 0, 9e15, 1e13, 1e308, 253_402_300_800],
    'claim_invalid',
  ),
  ...claim('C3', 'exp', [null], 'claim_missing'),
  ...claim('C3', 'exp', [8589934593, 1e10, 253_402_300_799, 253_402_300_799.5], 'allowed'),
  timed('C3', 'exp', 60.9, 'allowed'),
  ...['1e999', '-0', '1e400', '-1e999'].map((number) =>
    payload('C3', `exp ${number}`, (text) => text.replace(/"exp":\d+/, `"exp":${number}`), 'claim_invalid'),
  ),
  payload('C3', 'exp 4.102444800e9', (text) => text.replace(/"exp":\d+/, '"exp":4.102444800e9'), 'allowed'),
  ...['0x7fffffff', '+4102444800', '04102444800', '4102444800.', 'NaN', 'Infinity'].map((number) =>
    payload('C3', `exp ${number}`, (text) => text.replace(/"exp":\d+/, `"exp":${number}`), 'token_malformed'),
  ),
  timed('C4', 'nbf', 60, 'token_not_yet_valid'),
  timed('C4', 'nbf', 35, 'token_not_yet_valid'),
  timed('C4', 'nbf', 20, 'allowed'),
  timed('C4', 'nbf', -10, 'allowed'),
  ...claim('C4', 'nbf', ['0', true, [], {}, 9e15, 1e308, 253_402_300_800], 'claim_invalid'),
  ...claim('C4', 'nbf', [null, 0, -1, 1.5], 'allowed'),
  ...claim('C4', 'nbf', [253_402_300_799], 'token_not_yet_valid'),
  timed('C5', 'iat', 3600, 'token_not_yet_valid'),
  timed('C5', 'iat', 35, 'token_not_yet_valid'),
  timed('C5', 'iat', 20, 'allowed'),
  ...claim('C5', 'iat', ['0', true, [], {}, 1e308], 'claim_invalid'),
  ...claim('C5', 'iat', [undefined, null], 'allowed'),
];

const parties: Case[] = [
  ...claim('C7', 'aud', [audience, [audience], ['a', audience], [audience, audience]], 'allowed'),
  ...claim(
    'C7',
    'aud',
    [
      undefined,
      null,
      [],
      '',
      'other',
      ['other'],
      `${audience} `,
      ` ${audience}`,
      audience.slice(0, -1),
      `${audience}x`,
      audience.toUpperCase(),
      `${audience},other`,
      `["${audience}"]`,
      '*',
      '.*',
      `${audience}\0`,
    ],
    'audience_mismatch',
  ),
  ...claim(
    'C7',
    'aud',
    [5, true, { [audience]: 1 }, { 0: audience }, [[audience]], [audience, 5], [audience, null], [null]],
    'claim_invalid',
  ),
  ...claim('A20', 'aud', ['the-client-id'], 'audience_mismatch'),
  ...['/', '#', '?', ' ', '\n', '.', '%20', '/.', '//'].map((tail) =>
    tokenCase('C8', `iss with ${JSON.stringify(tail)} after it`, 'issuer_unknown', (world) =>
      withClaims(world, { iss: `${world.main.url}${tail}` }),
    ),
  ),
  ...(
    [
      ['in upper case', (url: string) => url.toUpperCase()],
      ['with its scheme in upper case', (url: string) => url.replace('http', 'HTTP')],
      ['as https', (url: string) => url.replace('http:', 'https:')],
      ['with a user', (url: string) => url.replace('//', '//a@')],
      ['in escapes', (url: string) => url.replace('127', '%3127')],
      ['as another name of the host', (url: string) => url.replace('127.0.0.1', 'localhost')],
      ['with white space before it', (url: string) => ` ${url}`],
      ['in other Unicode', (url: string) => url.replace('.', '\u3002')],
      ['with a zero byte', (url: string) => `${url}\0`],
    ] as const
  ).map(([name, change]) =>
    tokenCase('C8', `iss ${name}`, 'issuer_unknown', (world) =>
      withClaims(world, { iss: change(world.main.url) }),
    ),
  ),
  ...claim(
    'C8',
    'iss',
    [undefined, null, '', 'https://evil.example.com', '__proto__', 'constructor', 'toString'],
    'issuer_unknown',
  ),
  ...claim('C8', 'iss', [5, true, {}], 'claim_invalid'),
  tokenCase('C8', 'iss in a list', 'claim_invalid', (world) => withClaims(world, { iss: [world.main.url] })),
  tokenCase('C9', 'the iss of another issuer, by our key', 'signature_invalid', async ({ main, strict }) =>
    main.mint({ claims: { iss: strict.url, scope: 'orders.read', tid: 'abc' } }),
  ),
  tokenCase(
    'C9',
    'the iss and the kid of another issuer, by our key',
    'signature_invalid',
    async ({ main, open }) => main.mint({ claims: { iss: open.url }, header: { kid: 'k1' } }),
  ),
  tokenCase('C9', 'the kid of another issuer', 'key_not_found', async ({ main }) =>
    main.mint({ header: { kid: 'ES256' } }),
  ),
  tokenCase(
    'C9',
    "the algorithm of another issuer's key",
    'algorithm_not_allowed',
    async ({ main, curves }) =>
      curves.mint({
        key: curves.keys.find(({ kid }) => kid === 'RS512') ?? (main.keys[0] as never),
        claims: { iss: main.url },
      }),
  ),
];

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const texts: Case[] = [
  payload('C10', 'sub twice', (text) => text.replace('{', '{"sub":"mallory",'), 'token_malformed'),
  payload(
    'C10',
    'sub twice, once in escapes',
    (text) => text.replace('}', ',"s\\u0075b":"mallory"}'),
    'token_malformed',
  ),
  payload('C10', 'aud twice', (text) => text.replace('{', '{"aud":"other",'), 'token_malformed'),
  payload('C10', 'a name twice further down', (text) => text.replace('}', ',"x":{"a":1,"a":2}}'), 'allowed'),
  ...['[]', '"x"', '1', 'null', 'true', '{', '', ' ', '{}{}', '{"iss"}'].map((text) =>
    payload('C11', `${JSON.stringify(text)} alone`, () => (text === '' ? '\0' : text), 'token_malformed'),
  ),
  payload('C11', 'a byte order mark', (text) => `\ufeff${text}`, 'token_malformed'),
  payload(
    'C11',
    'bytes that are not UTF-8',
    (text) => Buffer.from(text.replace('}', ',"x":"\xff"}'), 'latin1'),
    'token_malformed',
  ),
  payload('C11', 'UTF-16', (text) => Buffer.from(text, 'utf16le'), 'token_malformed'),
  payload(
    'C11',
    'a lone surrogate in escapes',
    (text) => text.replace('}', ',"email":"\\ud800"}'),
    'allowed',
  ),
  payload(
    'C11',
    'a control character in a text',
    (text) => text.replace('}', ',"x":"\x01"}'),
    'token_malformed',
  ),
  payload('C12', '31 levels', (text) => text.replace('}', `,"x":${deep(31)}}`), 'allowed'),
  payload('C12', '33 levels', (text) => text.replace('}', `,"x":${deep(33)}}`), 'token_malformed'),
  payload('C12', '1,500 levels', (text) => text.replace('}', `,"x":${deep(1500)}}`), 'token_malformed'),
  payload(
    'C12',
    'more than fits into a token',
    (text) => text.replace('}', `,"x":"${'x'.repeat(16_000)}"}`),
    'token_too_large',
  ),
  payload(
    'C12',
    '5,000 members',
    (text) => text.replace('}', `${Array.from({ length: 1000 }, (_, index) => `,"${index}":0`).join('')}}`),
    'allowed',
  ),
  payload(
    'I10',
    '700 names that look like numbers',
    (text) =>
      text.replace('}', `${Array.from({ length: 700 }, (_, index) => `,"${index * 65_536}":0`).join('')}}`),
    'allowed',
  ),
  payload(
    'C13',
    '__proto__',
    (text) => text.replace('}', ',"__proto__":{"email":"root@example.com","sub":"root"}}'),
    'allowed',
  ),
  payload(
    'C13',
    'constructor',
    (text) => text.replace('}', ',"constructor":{"prototype":{"email":"root"}}}'),
    'allowed',
  ),
  payload(
    'C13',
    '__proto__ in place of sub',
    (text) => text.replace('"sub":"alice"', '"__proto__":{"sub":"root"}'),
    'allowed',
    '',
  ),
  ...claim(
    'C14',
    'cnf',
    [
      { jkt: 'x' },
      { jkt: 'A'.repeat(43) },
      { 'x5t#S256': 'A'.repeat(43) },
      { jwk: {} },
      { kid: 'x' },
      {},
      { jkt: null },
      'x',
      [],
      0,
      false,
    ],
    'token_bound',
  ),
  ...claim('C14', 'cnf', [null], 'allowed'),
  ...(
    [
      ['an address', 'alice@example.com', 'allowed'],
      ['two at signs', 'a@evil.com@corp.com', 'allowed'],
    ] as const
  ).map(([name, email, reason]) =>
    tokenCase('C15', `email of ${name}`, reason, (world) => withClaims(world, { email })),
  ),
  ...claim(
    'C16',
    'groups',
    [
      'admin',
      ['a,admin'],
      [['admin']],
      { 0: 'admin' },
      null,
      5,
      Array.from({ length: 1200 }, (_, index) => `g${index}`),
    ],
    'allowed',
  ),
  ...(
    [
      ['a member of a prototype', { sub: { toString: 'root' } }, ''],
      ['a number', { sub: 7 }, '7'],
      ['true', { sub: true }, 'true'],
      ['a list', { sub: ['a', 'b'] }, 'a,b'],
      ['null', { sub: null }, ''],
      ['an empty text', { sub: '' }, ''],
      ['line breaks', { sub: 'a\r\nx-auth-request-email: root' }, ''],
      ['a zero byte', { sub: 'a\0' }, ''],
      ['letters beyond ASCII', { sub: '名前' }, ''],
      ['a space at its end', { sub: 'root ' }, ''],
      ['4,097 letters', { sub: 'r'.repeat(4097) }, ''],
    ] as const
  ).map(([name, claims, user]) =>
    tokenCase('E11', `sub of ${name}`, 'allowed', (world) => withClaims(world, claims), { user }),
  ),
];

const strict = (name: string, claims: Readonly<Record<string, unknown>>, reason: Reason): Case =>
  tokenCase('C17', name, reason, ({ strict: issuer }) => issuer.mint({ claims: { tid: 'abc', ...claims } }));

const scopes: Case[] = [
  ...['orders.read', 'a orders.read b', 'orders.read  a', ' orders.read'].map((scope) =>
    strict(`scope ${JSON.stringify(scope)}`, { scope }, 'allowed'),
  ),
  ...[
    'orders.reader',
    'ORDERS.READ',
    'xorders.read',
    'orders',
    'orders.read,x',
    'orders.read\tx',
    'orders.read\n',
    '',
    '*',
    'orders.*',
    'ordersxread',
  ].map((scope) => strict(`scope ${JSON.stringify(scope)}`, { scope }, 'scope_insufficient')),
  strict('no scope', {}, 'scope_insufficient'),
  strict('a scope of null', { scope: null }, 'scope_insufficient'),
  strict('a scope of null next to scp', { scope: null, scp: ['orders.read'] }, 'allowed'),
  strict('scp in a list', { scp: ['orders.read'] }, 'allowed'),
  strict('scopes in a list', { scopes: ['a', 'orders.read'] }, 'allowed'),
  strict('scp with a space in a member', { scp: ['a orders.read'] }, 'scope_insufficient'),
  ...[5, true, { 'orders.read': true }, [['orders.read']], [5], [null]].map((scope) =>
    strict(`scope ${JSON.stringify(scope)}`, { scope }, 'claim_invalid'),
  ),
  ...['abcd', 'ABC', '', ['x'], { abc: true }, 5, null, ['a', 'b', 'c'], undefined].map((tid) =>
    strict(`tid ${JSON.stringify(tid)}`, { scope: 'orders.read', tid }, 'claim_not_allowed'),
  ),
  strict('tid in a list', { scope: 'orders.read', tid: ['x', 'abc'] }, 'allowed'),
  strict('the audience before the scope', { aud: 'other' }, 'audience_mismatch'),
];

/** All cases of this table. */
export const claimCases: readonly Case[] = [...times, ...parties, ...texts, ...scopes];
