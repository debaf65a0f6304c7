/** Cases of table A: header and shape of a token. */
import { deflateRawSync } from 'node:zlib';
import { publicMembers } from '../../support/proofs.ts';
import { base64url, goodClaims, goodHeader, privateKeyObject, signTexts } from '../../support/tokens.ts';
import {
  bearer,
  type Case,
  hmac,
  keyOf,
  publicForms,
  rsaSignature,
  signedBy,
  tokenCase,
  unsigned,
  withHeader,
  withTexts,
} from './case.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The segments of a valid token of the main issuer. */
const goodToken = (world: Parameters<typeof withHeader>[0]) => withHeader(world, {});
const segmentsOf = (token: string) => token.split('.') as [string, string, string];

const algorithms: Case[] = [
  ...['none', 'None', 'NONE', 'nOnE', '', undefined, null, ['RS256'], { alg: 'RS256' }, true, 0].flatMap(
    (alg) => [
      tokenCase('A1', `alg ${JSON.stringify(alg)} with a valid signature`, 'algorithm_not_allowed', (world) =>
        withHeader(world, { alg }),
      ),
      tokenCase(
        'A1',
        `alg ${JSON.stringify(alg)} with an empty signature`,
        'token_malformed',
        ({ main }) => `${unsigned(main, { alg })}.`,
      ),
      tokenCase('A1', `alg ${JSON.stringify(alg)} with no signature`, 'token_malformed', ({ main }) =>
        unsigned(main, { alg }),
      ),
    ],
  ),
  ...[
    'rs256',
    'RS256 ',
    'RSA',
    'SHA256withRSA',
    'HS256',
    'A128KW',
    'RSA-OAEP',
    'dir',
    'ES256K',
    'Ed448',
    'ML-DSA-44',
    'ML-DSA-65',
    'EdDSA ',
    '__proto__',
    'constructor',
    'x'.repeat(1000),
  ].map((alg) =>
    tokenCase('B11', `alg ${alg.slice(0, 20)}`, 'algorithm_not_allowed', (world) =>
      withHeader(world, { alg }),
    ),
  ),
  ...[256, 384, 512].flatMap((bits) =>
    [
      'SPKI PEM',
      'SPKI PEM without its last line end',
      'PKCS#1 PEM',
      'PKCS#1 PEM without its last line end',
      'SPKI DER',
      'the modulus',
      'the modulus as text',
      'the JWK',
      'the JWK in lines',
      'the key set',
      'nothing',
    ].map((form) =>
      tokenCase('A2', `HS${bits} with ${form} as its secret`, 'algorithm_not_allowed', ({ main }) =>
        signedBy(main, { alg: `HS${bits}` }, hmac(bits, publicForms(main)[form] ?? '')),
      ),
    ),
  ),
  tokenCase('A3', 'PS256 by a key that is published for RS256', 'key_not_found', ({ main }) =>
    signedBy(main, { alg: 'PS256' }, (data) =>
      rsaSignature('sha256', privateKeyObject(keyOf(main)), 6)(data),
    ),
  ),
  ...[384, 512].map((bits) =>
    tokenCase('A3', `RS${bits} where it is not allowed`, 'algorithm_not_allowed', ({ main }) =>
      signedBy(main, { alg: `RS${bits}` }, rsaSignature(`sha${bits}`, privateKeyObject(keyOf(main)))),
    ),
  ),
  tokenCase(
    'A3',
    'PS256 by a key without alg, where RS256 alone is allowed',
    'algorithm_not_allowed',
    ({ open }) => signedBy(open, { alg: 'PS256' }, rsaSignature('sha256', privateKeyObject(keyOf(open)), 6)),
  ),
  tokenCase('A3', 'RS256 by a key without alg, where it is allowed', 'allowed', ({ open }) => open.mint()),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS512'] as const).flatMap((own) => [
    tokenCase('A3', `${own} by its own key`, 'allowed', ({ curves }) =>
      curves.mint({ key: keyOf(curves, own) }),
    ),
    ...['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS512']
      .filter((other) => other !== own)
      .map((other) =>
        tokenCase(
          'A3',
          `the signature of ${own} called ${other}`,
          'signature_invalid',
          async ({ curves }) => {
            const [, payload, signature] = segmentsOf(await curves.mint({ key: keyOf(curves, own) }));
            const header = base64url(JSON.stringify({ alg: other, kid: other, typ: 'JWT' }));
            return `${header}.${payload}.${signature}`;
          },
        ),
      ),
  ]),
  tokenCase('B11', 'Ed25519 (RFC 9864) counts as EdDSA', 'allowed', ({ curves }) =>
    signedBy(
      curves,
      { alg: 'Ed25519', kid: 'EdDSA' },
      rsaSignature(null, privateKeyObject(keyOf(curves, 'EdDSA'))),
    ),
  ),
];

const foreignKeys: Case[] = [
  tokenCase('A4', 'a key of its own in jwk, under a known kid', 'signature_invalid', ({ main, foreign }) =>
    signTexts(
      JSON.stringify(goodHeader(main, { jwk: publicMembers(foreign) })),
      JSON.stringify(goodClaims(main)),
      foreign,
    ),
  ),
  tokenCase('A4', 'a key of its own in jwk, without kid', 'signature_invalid', ({ main, foreign }) =>
    signTexts(
      JSON.stringify(goodHeader(main, { kid: undefined, jwk: publicMembers(foreign) })),
      JSON.stringify(goodClaims(main)),
      foreign,
    ),
  ),
  tokenCase('A4', 'a key of its own in jwk, under its own kid', 'key_not_found', ({ main, foreign }) =>
    signTexts(
      JSON.stringify(goodHeader(main, { kid: 'mine', jwk: publicMembers(foreign) })),
      JSON.stringify(goodClaims(main)),
      foreign,
    ),
  ),
  ...['jku', 'x5u'].flatMap((name) =>
    [
      (url: string) => `${url}/keys`,
      () => 'http://169.254.169.254/keys',
      () => 'file:///etc/passwd',
      () => 'data:,{}',
    ].flatMap((make, index) => [
      tokenCase(
        'A5',
        `${name}, signed with an unknown key (${index + 1})`,
        'signature_invalid',
        ({ main, foreign, trap }) =>
          signTexts(
            JSON.stringify(goodHeader(main, { [name]: make(trap.url) })),
            JSON.stringify(goodClaims(main)),
            foreign,
          ),
      ),
      tokenCase('A5', `${name} with a valid signature (${index + 1})`, 'allowed', (world) =>
        withHeader(world, { [name]: make(world.trap.url) }),
      ),
    ]),
  ),
  tokenCase('A6', 'a chain of its own in x5c', 'signature_invalid', ({ main, foreign }) =>
    signTexts(
      JSON.stringify(goodHeader(main, { x5c: ['MIIB', 'MIIC'], x5t: 'x', 'x5t#S256': 'y' })),
      JSON.stringify(goodClaims(main)),
      foreign,
    ),
  ),
  tokenCase('A6', 'a chain with a valid signature', 'allowed', (world) =>
    withHeader(world, { x5c: ['MIIB'], x5t: 'x' }),
  ),
];

const oddKeyIds = [
  '',
  '../../../../dev/null',
  '/dev/null',
  'k1\0',
  'k1 ',
  ' k1',
  'K1',
  'k1%00',
  "' OR '1'='1",
  "x'; DROP TABLE keys;--",
  "1' AND SLEEP(5)--",
  '| curl http://127.0.0.1/',
  '$(id)',
  '`id`',
  '{{7*7}}',
  '<script>',
  '%2e%2e%2f',
  'k1\n',
  '\ufeffk1',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  '0',
  'k'.repeat(256),
  '名前',
];

const keyIds: Case[] = [
  ...oddKeyIds.flatMap((kid) => {
    const keyIdText = JSON.stringify(kid).slice(0, 40);
    return [
      tokenCase('A7', `kid ${keyIdText}, signed well`, 'key_not_found', (world) =>
        withHeader(world, { kid }),
      ),
      tokenCase('A7', `kid ${keyIdText}, HMAC with nothing`, 'algorithm_not_allowed', ({ main }) =>
        signedBy(main, { alg: 'HS256', kid }, hmac(256, '')),
      ),
      tokenCase(
        'A7',
        `kid ${keyIdText}, signed with an unknown key`,
        'key_not_found',
        ({ main, foreignRsa }) => signedBy(main, { kid }, rsaSignature('sha256', foreignRsa)),
      ),
    ];
  }),
  ...[1, 0, -1, 1.5, true, false, [], ['k1'], {}, { kid: 'k1' }, 'k'.repeat(257), 'k'.repeat(3000)].map(
    (kid) =>
      tokenCase(
        'A8',
        `kid ${JSON.stringify(kid).slice(0, 30)}, ${JSON.stringify(kid).length} long`,
        'token_malformed',
        (world) => withHeader(world, { kid }),
      ),
  ),
  tokenCase('A8', 'kid null counts as absent', 'allowed', (world) => withHeader(world, { kid: null })),
  tokenCase('A8', 'kid null, signed with an unknown key', 'signature_invalid', ({ main, foreignRsa }) =>
    signedBy(main, { kid: null }, rsaSignature('sha256', foreignRsa)),
  ),
  tokenCase('H13', 'no kid, signed with an unknown key', 'signature_invalid', ({ main, foreignRsa }) =>
    signedBy(main, { kid: undefined }, rsaSignature('sha256', foreignRsa)),
  ),
  tokenCase('H13', 'no kid, where one key fits', 'allowed', (world) => withHeader(world, { kid: undefined })),
  tokenCase('H13', 'no kid, where none fits', 'key_not_found', ({ main }) =>
    signedBy(
      main,
      { alg: 'PS256', kid: undefined },
      rsaSignature('sha256', privateKeyObject(keyOf(main)), 6),
    ),
  ),
];

const parameters: Case[] = [
  ...[['exp'], [], 'b64', ['b64'], ['b64', 'b64'], [1], ['x'], null, {}, ['alg'], true].map((crit) =>
    tokenCase('A10', `crit ${JSON.stringify(crit)}`, 'token_malformed', (world) =>
      withHeader(world, { crit }),
    ),
  ),
  tokenCase('A10', 'crit and the parameter that it names', 'token_malformed', (world) =>
    withHeader(world, { crit: ['exp'], exp: 1 }),
  ),
  tokenCase('A11', 'b64 null counts as absent', 'allowed', (world) => withHeader(world, { b64: null })),
  ...[false, true, 'false', 0].map((b64) =>
    tokenCase('A11', `b64 ${JSON.stringify(b64)}`, 'token_malformed', (world) => withHeader(world, { b64 })),
  ),
  tokenCase('A11', 'an unencoded payload with b64 false', 'token_malformed', ({ main }) => {
    const header = base64url(JSON.stringify(goodHeader(main, { b64: false, crit: ['b64'] })));
    const claims = JSON.stringify(goodClaims(main));
    const signature = rsaSignature(
      'sha256',
      privateKeyObject(keyOf(main)),
    )(Buffer.from(`${header}.${claims}`));
    return `${header}.${base64url(claims)}.${base64url(signature)}`;
  }),
  ...['DEF', 'def', null, 1, ''].map((zip) =>
    tokenCase('A12', `zip ${JSON.stringify(zip)} with uncompressed claims`, 'allowed', (world) =>
      withHeader(world, { zip }),
    ),
  ),
  tokenCase('A12', 'zip with claims that are compressed', 'token_malformed', ({ main }) => {
    const header = JSON.stringify(goodHeader(main, { zip: 'DEF' }));
    return signTexts(header, deflateRawSync(JSON.stringify(goodClaims(main))), keyOf(main));
  }),
  tokenCase('A12', 'zip with a bomb', 'token_malformed', ({ main }) => {
    const header = JSON.stringify(goodHeader(main, { zip: 'DEF' }));
    return signTexts(header, deflateRawSync(' '.repeat(5_000_000)), keyOf(main));
  }),
  ...['A256GCM', null, 1].map((enc) =>
    tokenCase('A13', `enc ${JSON.stringify(enc)} in a JWS`, 'allowed', (world) => withHeader(world, { enc })),
  ),
  ...['JWT', 'jwt', 'application/jwt', 'Application/JWT', 5, null, []].map((cty) =>
    tokenCase('A14', `cty ${JSON.stringify(cty)}`, 'allowed', (world) => withHeader(world, { cty })),
  ),
  ...['json', 'application/json', ''].map((cty) =>
    tokenCase('A14', `cty ${JSON.stringify(cty)}`, 'allowed', (world) => withHeader(world, { cty })),
  ),
  tokenCase('A14', 'a token inside a token', 'token_malformed', (world) =>
    withTexts(
      world,
      (header) => header.replace('}', ',"cty":"JWT"}'),
      () => goodToken(world),
    ),
  ),
  tokenCase('A14', 'a token inside a token, without cty', 'token_malformed', (world) =>
    withTexts(
      world,
      (header) => header,
      () => goodToken(world),
    ),
  ),
  ...['JWT', 'jwt', 'Jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/jwt', undefined, null].map(
    (typ) => tokenCase('A19', `typ ${JSON.stringify(typ)}`, 'allowed', (world) => withHeader(world, { typ })),
  ),
  ...[
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'oauth-authz-req+jwt',
    'token-introspection+jwt',
    'kb+jwt',
    'vc+sd-jwt',
    'JOSE',
    'JOSE+JSON',
    '',
    ' JWT',
    'JWT ',
    'application/',
    'application/application/jwt',
    'x/at+jwt',
    5,
    true,
    [],
    ['JWT'],
    {},
  ].map((typ) =>
    tokenCase('A19', `typ ${JSON.stringify(typ)}`, 'token_type_not_allowed', (world) =>
      withHeader(world, { typ }),
    ),
  ),
];

const good = (change: (token: string) => string) => (world: Parameters<typeof withHeader>[0]) =>
  change(goodToken(world));

const segments: Case[] = [
  tokenCase(
    'A13',
    'a JWE',
    'token_malformed',
    () => `${base64url('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.QUFB.QUFB.QUFB.QUFB`,
  ),
  tokenCase(
    'A13',
    'a JWE that is compressed',
    'token_malformed',
    () => `${base64url('{"alg":"dir","enc":"A256GCM","zip":"DEF"}')}..QUFB.${'QUFB'.repeat(2000)}.QUFB`,
  ),
  tokenCase(
    'A15',
    'the flattened JSON serialization',
    'token_malformed',
    good((token) => {
      const [header, payload, signature] = segmentsOf(token);
      return JSON.stringify({ protected: header, payload, signature }).replaceAll(',', '');
    }),
  ),
  tokenCase(
    'A15',
    'the flattened JSON serialization in base64url',
    'token_malformed',
    good((token) => base64url(JSON.stringify({ payload: token }))),
  ),
  tokenCase(
    'A15',
    'the general JSON serialization in three segments',
    'token_malformed',
    good((token) => {
      const [, payload, signature] = segmentsOf(token);
      return `${base64url('[{"protected":"x"}]')}.${payload}.${signature}`;
    }),
  ),
  ...[
    ['one segment', (token: string) => segmentsOf(token)[0]],
    ['two segments', (token: string) => token.split('.').slice(0, 2).join('.')],
    ['four segments', (token: string) => `${token}.QUFB`],
    ['six segments', (token: string) => `${token}.QUFB.QUFB.QUFB`],
    ['no header', (token: string) => token.replace(/^[^.]+/, '')],
    ['no payload', (token: string) => token.replace(/\.[^.]+\./, '..')],
    ['no signature', (token: string) => token.replace(/[^.]+$/, '')],
    ['a dot before it', (token: string) => `.${token}`],
    ['a dot after it', (token: string) => `${token}.`],
    ['dots alone', () => '..'],
    ['one dot', () => '.'],
    ['many dots', () => '.'.repeat(15_000)],
    ['no dot', () => 'A'.repeat(15_000)],
    ['the token twice', (token: string) => `${token}.${token}`],
  ].map(([name, change]) =>
    tokenCase('A16', String(name), 'token_malformed', good(change as (token: string) => string)),
  ),
];

/** Spellings of one segment that decode to the same bytes, strictly or leniently. */
function respellings(index: 0 | 1 | 2, name: string): Case[] {
  const change = (make: (segment: string) => string) =>
    good((token) => {
      const parts = segmentsOf(token);
      parts[index] = make(parts[index]);
      return parts.join('.');
    });
  const inside = (text: string) => (segment: string) => `${segment.slice(0, 9)}${text}${segment.slice(9)}`;
  const plain = ['=', '==', '+', '/', '%3D', '~', '!', '"', '$', '*', ';', ':'].flatMap((text) => [
    tokenCase(
      'A17',
      `${name} with ${text} after it`,
      'token_malformed',
      change((segment) => segment + text),
    ),
    tokenCase('A17', `${name} with ${text} inside`, 'token_malformed', change(inside(text))),
  ]);
  const spaces = [' ', '\t'].map((text) =>
    tokenCase('A17', `${name} with ${JSON.stringify(text)} inside`, 'token_malformed', change(inside(text))),
  );
  const raw = ['\n', '\r\n', '\0', '\u00a0', 'é'].map((text) =>
    tokenCase('A17', `${name} with ${JSON.stringify(text)} inside`, 'token_malformed', change(inside(text)), {
      isRaw: true,
    }),
  );
  const padded = tokenCase(
    'A17',
    `${name} with base64 padding`,
    'token_malformed',
    change((segment) => segment.padEnd(Math.ceil((segment.length + 1) / 4) * 4, '=')),
  );
  return [...plain, ...spaces, ...raw, padded];
}

/** The last character of a 2048-bit signature has two used bits, so fifteen others decode to the same bytes. */
const siblings: Case[] = Array.from({ length: 15 }, (_, step) =>
  tokenCase(
    'A17',
    `another last character with the same bits (${step + 1})`,
    'token_malformed',
    good((token) => {
      const value = alphabet.indexOf(token.at(-1) ?? '');
      return token.slice(0, -1) + alphabet[value - (value % 16) + ((value + step + 1) % 16)];
    }),
  ),
);

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const texts: Case[] = [
  ...(
    [
      [
        'white space around and inside',
        (text: string) => ` \n\t${JSON.stringify(JSON.parse(text), null, 2)}\r\n`,
        'allowed',
      ],
      ['escapes in a name', (text: string) => text.replace('"alg"', '"\\u0061lg"'), 'allowed'],
      ['an unknown member', (text: string) => text.replace('}', ',"x":{"a":[1]}}'), 'allowed'],
      [
        '__proto__ as a member',
        (text: string) => text.replace('}', ',"__proto__":{"crit":["x"]}}'),
        'allowed',
      ],
      [
        'alg twice, the correct one last',
        (text: string) => text.replace('{', '{"alg":"none",'),
        'token_malformed',
      ],
      [
        'alg twice, the correct one first',
        (text: string) => text.replace('}', ',"alg":"none"}'),
        'token_malformed',
      ],
      [
        'alg twice, once in escapes',
        (text: string) => text.replace('}', ',"\\u0061lg":"none"}'),
        'token_malformed',
      ],
      ['kid twice', (text: string) => text.replace('}', ',"kid":"x"}'), 'token_malformed'],
      ['alg twice, both the same', (text: string) => text.replace('{', '{"alg":"RS256",'), 'token_malformed'],
      ['a list', (text: string) => `[${text}]`, 'token_malformed'],
      ['text', () => '"RS256"', 'token_malformed'],
      ['a number', () => '1', 'token_malformed'],
      ['null', () => 'null', 'token_malformed'],
      ['true', () => 'true', 'token_malformed'],
      ['invalid JSON', () => '{alg:RS256}', 'token_malformed'],
      ['a comma too many', (text: string) => text.replace('}', ',}'), 'token_malformed'],
      ['a comment', (text: string) => `${text}//`, 'token_malformed'],
      ['single quotes', (text: string) => text.replaceAll('"', "'"), 'token_malformed'],
      ['text after it', (text: string) => `${text}{}`, 'token_malformed'],
      ['a byte order mark', (text: string) => `\ufeff${text}`, 'token_malformed'],
      ['UTF-16', (text: string) => Buffer.from(text, 'utf16le'), 'token_malformed'],
      [
        'bytes that are not UTF-8',
        (text: string) => Buffer.from(text.replace('}', ',"x":"\xff"}'), 'latin1'),
        'token_malformed',
      ],
      [
        'an overlong form',
        (text: string) => Buffer.from(text.replace('}', ',"x":"\xc0\xaf"}'), 'latin1'),
        'token_malformed',
      ],
      [
        'a surrogate in bytes',
        (text: string) => Buffer.from(text.replace('}', ',"x":"\xed\xa0\x80"}'), 'latin1'),
        'token_malformed',
      ],
      ['32 levels', (text: string) => text.replace('}', `,"x":${nested(31)}}`), 'allowed'],
      ['33 levels', (text: string) => text.replace('}', `,"x":${nested(32)}}`), 'token_malformed'],
      ['1,000 levels', (text: string) => text.replace('}', `,"x":${nested(1000)}}`), 'token_malformed'],
      ['more than 4 KiB', (text: string) => text.replace('}', `,"x":"${'x'.repeat(4096)}"}`), 'allowed'],
    ] as const
  ).map(([name, change, reason]) =>
    tokenCase('A18', `a header with ${name}`, reason, (world) =>
      withTexts(world, change, (claims) => claims),
    ),
  ),
];

/** All cases of this table. */
export const headerCases: readonly Case[] = [
  { row: 'A16', name: 'a valid token', reason: 'allowed', lines: (world) => bearer(goodToken(world)) },
  ...algorithms,
  ...foreignKeys,
  ...keyIds,
  ...parameters,
  ...segments,
  ...respellings(0, 'the header'),
  ...respellings(1, 'the payload'),
  ...respellings(2, 'the signature'),
  ...siblings,
  ...texts,
];
