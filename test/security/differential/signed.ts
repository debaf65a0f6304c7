/** Tokens with valid signatures: most are usual, some have unusual contents. */
import { audience } from '../../support/fake-issuer.ts';
import { type Pair, signWith } from './key-pool.ts';
import type { Random } from './random.ts';

/** A key as an issuer publishes it. */
export interface Published {
  readonly pair: Pair;
  readonly kid: string | undefined;
  readonly alg: string | undefined;
}

/** The issuer of a token. */
export interface Origin {
  readonly issuer: string;
  /** The algorithms that its tokens may use. */
  readonly algorithms: readonly string[];
  readonly keys: readonly Published[];
}

/** A token and the key that signed it. */
export interface SignedToken {
  readonly token: string;
  readonly key: Published;
  readonly algorithm: string;
  /** The unusual property; empty for a usual token. */
  readonly oddity: string;
}

type Text = string | Buffer;

/** The header and payload of a new token, as JSON values and then as text. */
interface Draft {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** Changes the texts after all values are set. */
  respell: (texts: { header: Text; payload: Text }) => void;
}

interface Circumstances {
  readonly random: Random;
  /** Seconds since the epoch. */
  readonly now: number;
}

const dates = (now: number): readonly unknown[] => [
  ...[-86_400, -31, -30, -29, -1, 0, 1, 29, 30, 31, 86_400].map((seconds) => now + seconds),
  now - 30.5,
  now - 29.5,
  now + 30.5,
  now + 29.5,
  0,
  -0,
  -1,
  0.5,
  2 ** 31,
  2 ** 33,
  2 ** 33 + 1,
  -(2 ** 33),
  -(2 ** 33) - 1,
  253_402_300_799,
  253_402_300_799.5,
  253_402_300_800,
  -253_402_300_800,
  now * 1000,
  2 ** 53,
  1e308,
  5e-324,
  null,
  true,
  false,
  '',
  String(now + 300),
  [now + 300],
  {},
];

const odd: readonly unknown[] = [null, true, 0, 1.5, '', 'x', [], ['x'], [[]], {}, { a: 1 }];

const texts = ['alice', 'ålice', '名前', '😀', 'a"b\\c', '\u0000', '\u2028', 'ＲＳ２５６', ' ', '\ud800'];

/** The unusual properties, each as a change of the draft. */
const oddities: Readonly<Record<string, (draft: Draft, circumstances: Circumstances) => void>> = {
  exp: ({ claims }, { random, now }) => {
    claims.exp = random.pick(dates(now));
  },
  nbf: ({ claims }, { random, now }) => {
    claims.nbf = random.pick(dates(now));
  },
  iat: ({ claims }, { random, now }) => {
    claims.iat = random.pick(dates(now));
  },
  'no exp': ({ claims }) => {
    delete claims.exp;
  },
  'a number out of range': (draft, { random }) => {
    const name = random.pick(['exp', 'nbf', 'iat']);
    draft.claims[name] = 7777;
    draft.respell = (spelt) => {
      spelt.payload = String(spelt.payload).replace(
        '7777',
        random.pick(['1e400', '-1e400', '1e9', '17e8', '01']),
      );
    };
  },
  aud: ({ claims }, { random }) => {
    claims.aud = random.pick([...odd, 'other', [audience], [audience, 'x'], [audience, 5], `${audience} `]);
  },
  'no aud': ({ claims }) => {
    delete claims.aud;
  },
  iss: ({ claims }, { random }) => {
    claims.iss = random.pick([...odd, `${claims.iss}/`, [claims.iss]]);
  },
  sub: ({ claims }, { random }) => {
    claims.sub = random.pick(odd);
  },
  cnf: ({ claims }, { random }) => {
    claims.cnf = random.pick([...odd, { jkt: 'A'.repeat(43) }]);
  },
  typ: ({ header }, { random }) => {
    header.typ = random.pick([
      ...odd,
      'at+jwt',
      'AT+JWT',
      'application/at+jwt',
      'application/JWT',
      'dpop+jwt',
      'JOSE',
      'jwt ',
    ]);
  },
  'no typ': ({ header }) => {
    delete header.typ;
  },
  crit: ({ header }, { random }) => {
    header.crit = random.pick([...odd, ['exp'], ['b64'], ['b64', 'b64']]);
  },
  b64: ({ header }, { random }) => {
    header.b64 = random.pick([...odd, false]);
  },
  zip: ({ header }, { random }) => {
    header.zip = random.pick([...odd, 'DEF']);
  },
  cty: ({ header }, { random }) => {
    header.cty = random.pick([...odd, 'JWT', 'jwt', 'application/jwt', 'json']);
  },
  enc: ({ header }) => {
    header.enc = 'A256GCM';
  },
  kid: ({ header }, { random }) => {
    header.kid = random.pick([...odd, 'unknown', 'k'.repeat(256), 'k'.repeat(257), '../k0', ...texts]);
  },
  'no kid': ({ header }) => {
    delete header.kid;
  },
  alg: ({ header }, { random }) => {
    header.alg = random.pick([
      ...odd,
      'none',
      'HS256',
      'RS256',
      'RS384',
      'PS256',
      'PS512',
      'ES256',
      'ES256K',
      'EdDSA',
      'Ed25519',
      'Ed448',
      'rs256',
      'RS256 ',
    ]);
  },
  'no alg': ({ header }) => {
    delete header.alg;
  },
  'keys in the header': ({ header }, { random }) => {
    header[random.pick(['jwk', 'jku', 'x5u', 'x5c', 'x5t'])] = random.pick(odd);
  },
  'a long header': ({ header }, { random }) => {
    header.note = 'x'.repeat(3_900 + random.below(400));
  },
  'a long token': ({ claims }, { random }) => {
    claims.note = 'x'.repeat(10_000 + random.below(3_000));
  },
  'a prototype': (draft) => {
    draft.claims.note = 'PROTO';
    draft.respell = (spelt) => {
      spelt.payload = String(spelt.payload).replace(
        '"note":"PROTO"',
        '"__proto__":{"exp":1},"constructor":5',
      );
    };
  },
  'deep claims': ({ claims }, { random }) => {
    const depth = random.pick([5, 30, 31, 32, 33, 100]);
    claims.deep = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  },
  'a repeated member': (draft, { random }) => {
    const twice = random.pick([
      '"exp":1,',
      '"iss":"x",',
      '"sub":"x",',
      '"\\u0065xp":1,',
      '"aud":[],',
      '"nbf":99999999999,',
    ]);
    draft.respell = (spelt) => {
      spelt.payload = String(spelt.payload).replace('{', `{${twice}`);
    };
  },
  'a repeated parameter': (draft, { random }) => {
    const twice = random.pick([
      '"alg":"none",',
      '"alg":"RS256",',
      '"kid":"x",',
      '"typ":"x",',
      '"\\u0061lg":"x",',
    ]);
    draft.respell = (spelt) => {
      spelt.header = String(spelt.header).replace('{', `{${twice}`);
    };
  },
  'a repeated nested member': (draft) => {
    draft.claims.note = 'NESTED';
    draft.respell = (spelt) => {
      spelt.payload = String(spelt.payload).replace('"NESTED"', '{"a":1,"a":2}');
    };
  },
  'white space in JSON': (draft, { random }) => {
    const space = random.pick([' ', '\n', '\t', '\r\n', '\u00a0', '\ufeff', '\u2028', '\0']);
    const member = random.pick(['header', 'payload'] as const);
    const place = random.pick(['before', 'after', 'within']);
    draft.respell = (spelt) => {
      const text = String(spelt[member]);
      if (place === 'before') spelt[member] = space + text;
      else if (place === 'after') spelt[member] = text + space;
      else spelt[member] = text.replace(':', `${space}:${space}`);
    };
  },
  'invalid UTF-8': (draft, { random }) => {
    const bad = random.pick([
      [0xff],
      [0xc0, 0xae],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
    ]);
    const member = random.pick(['header', 'payload'] as const);
    draft.respell = (spelt) => {
      const text = Buffer.from(spelt[member]);
      const at = text.indexOf('"', 3);
      spelt[member] = Buffer.concat([text.subarray(0, at), Buffer.from(bad), text.subarray(at)]);
    };
  },
  'not a JSON object': (draft, { random }) => {
    const text = random.pick([
      '[]',
      'null',
      '5',
      '"x"',
      '',
      '{',
      '{}',
      '{}{}',
      '{"a":1,}',
      "{'a':1}",
      'NaN',
      '[{}]',
    ]);
    const member = random.pick(['header', 'payload'] as const);
    draft.respell = (spelt) => {
      spelt[member] = text;
    };
  },
};

/** Signs a usual or unusual token of an issuer. */
export function signToken(origin: Origin, circumstances: Circumstances, isOdd: boolean): SignedToken {
  const { random } = circumstances;
  const { key, algorithm } = chooseKey(origin, random);
  const draft: Draft = {
    header: {
      alg: algorithm,
      ...(key.kid !== undefined && { kid: key.kid }),
      typ: random.pick(['JWT', 'at+jwt']),
    },
    claims: plainClaims(origin, circumstances),
    respell: () => {},
  };
  const oddity = isOdd ? random.pick(Object.keys(oddities)) : '';
  oddities[oddity]?.(draft, circumstances);
  const spelt: { header: Text; payload: Text } = {
    header: JSON.stringify(draft.header),
    payload: JSON.stringify(draft.claims),
  };
  draft.respell(spelt);
  const input = [spelt.header, spelt.payload]
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.');
  const signature = signWith(key.pair, algorithm, Buffer.from(input, 'latin1')).toString('base64url');
  return { token: `${input}.${signature}`, key, algorithm, oddity };
}

/** Picks a key and an algorithm, mostly allowed ones, and often RS256 because it is the most common. */
function chooseKey({ algorithms, keys }: Origin, random: Random) {
  for (let tries = 0; ; tries++) {
    const key = random.pick(keys);
    const fitting = key.pair.algorithms;
    const usual = fitting.find((name) => name === 'RS256' && random.chance(0.5));
    const algorithm = key.alg ?? usual ?? random.pick(fitting);
    if (tries === 20 || algorithms.includes(algorithm) || random.chance(0.02)) return { key, algorithm };
  }
}

/** Random claims, from almost none to 11 KB. Valid ones stay valid for a day. */
function plainClaims({ issuer }: Origin, { random, now }: Circumstances): Record<string, unknown> {
  const length = random.chance(0.1) ? random.below(8_000) : random.below(300);
  const extra = Object.fromEntries(
    Array.from({ length: random.below(5) }, (_, index) => [
      random.pick(['email', 'groups', 'scope', 'tid', 'ünïcödé', 'a.b', `claim-${index}`]),
      random.pick<unknown>([...texts, ...odd, random.next(), random.below(2 ** 31), texts]),
    ]),
  );
  return {
    ...extra,
    ...(length > 0 && {
      note: random
        .bytes(Math.ceil(length / 2))
        .toString('hex')
        .slice(0, length),
    }),
    iss: issuer,
    aud: random.chance(0.8) ? audience : [audience, 'other'],
    sub: random.pick(texts),
    iat: now - random.below(80_000),
    ...(random.chance(0.5) && { nbf: now - random.below(80_000) }),
    exp: now + 60 + random.below(80_000) + (random.chance(0.1) ? 0.5 : 0),
  };
}
