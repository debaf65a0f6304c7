/** Cases of table B: signatures and keys. */
import { constants, createHash, type KeyObject, sign } from 'node:crypto';
import { privateKeyObject } from '../../support/tokens.ts';
import { paddedDigest, signBlock, weakKeys } from '../weak-keys.ts';
import type { World } from '../world.ts';
import { type Case, keyOf, rsaSignature, signedBy, tokenCase } from './case.ts';

const curveOrders = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
} as const;
const bytesOf = { ES256: 32, ES384: 48, ES512: 66 } as const;
type Curve = keyof typeof curveOrders;
const curveNames = Object.keys(curveOrders) as Curve[];

const toBytes = (value: bigint, length: number) =>
  Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

function onCurve(
  curve: Curve,
  row: string,
  name: string,
  reason: Case['reason'],
  make: (good: Buffer, data: Buffer, key: KeyObject) => Buffer,
): Case {
  return tokenCase(row, `${curve}: ${name}`, reason, ({ curves }: World) =>
    signedBy(curves, { alg: curve, kid: curve }, (data) => {
      const key = privateKeyObject(keyOf(curves, curve));
      const hash = `sha${curve.slice(2)}`;
      return make(sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }), data, key);
    }),
  );
}

const elliptic: Case[] = curveNames.flatMap((curve) => {
  const order = curveOrders[curve];
  const length = bytesOf[curve];
  const limits: readonly [string, bigint][] = [
    ['0', 0n],
    ['1', 1n],
    ['n - 1', order - 1n],
    ['n', order],
    ['n + 1', order + 1n],
    ['the highest', (1n << BigInt(length * 8)) - 1n],
  ];
  return [
    ...limits.flatMap(([r, rValue]) =>
      limits.map(([s, sValue]) =>
        onCurve(curve, 'B1', `r is ${r} and s is ${s}`, 'signature_invalid', () =>
          Buffer.concat([toBytes(rValue, length), toBytes(sValue, length)]),
        ),
      ),
    ),
    onCurve(curve, 'B2', 'in DER', 'signature_invalid', (_, data, key) =>
      sign(`sha${curve.slice(2)}`, data, key),
    ),
    onCurve(curve, 'B2', 'a byte too short', 'signature_invalid', (good) => good.subarray(0, -1)),
    onCurve(curve, 'B2', 'a byte too long', 'signature_invalid', (good) =>
      Buffer.concat([good, Buffer.from([0])]),
    ),
    onCurve(curve, 'B2', 'twice as long', 'signature_invalid', (good) => Buffer.concat([good, good])),
    onCurve(curve, 'B2', 'r alone', 'signature_invalid', (good) => good.subarray(0, length)),
    onCurve(curve, 'B2', 'r and s exchanged', 'signature_invalid', (good) =>
      Buffer.concat([good.subarray(length), good.subarray(0, length)]),
    ),
    onCurve(curve, 'B2', 'padded to the next curve', 'signature_invalid', (good) =>
      Buffer.concat([Buffer.alloc(8), good.subarray(0, length), Buffer.alloc(8), good.subarray(length)]),
    ),
    onCurve(curve, 'B2', 'by another hash', 'signature_invalid', (_, data, key) =>
      sign(curve === 'ES256' ? 'sha384' : 'sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
    ),
    onCurve(curve, 'B3', 'the second valid form (r, n - s)', 'allowed', (good) =>
      Buffer.concat([good.subarray(0, length), toBytes(order - toNumber(good.subarray(length)), length)]),
    ),
    onCurve(curve, 'B3', 'unchanged', 'allowed', (good) => good),
  ];
});

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const reversed = (bytes: Uint8Array) => Buffer.from(bytes).reverse();

function edwards(name: string, reason: Case['reason'], make: (good: Buffer) => Buffer): Case {
  return tokenCase('B10', `EdDSA: ${name}`, reason, ({ curves }) =>
    signedBy(curves, { alg: 'EdDSA', kid: 'EdDSA' }, (data) =>
      make(sign(null, data, privateKeyObject(keyOf(curves, 'EdDSA')))),
    ),
  );
}

const edwardsCases: Case[] = [
  edwards('unchanged', 'allowed', (good) => good),
  edwards('S + L', 'signature_invalid', (good) => {
    const s = toNumber(reversed(good.subarray(32))) + groupOrder;
    return Buffer.concat([good.subarray(0, 32), reversed(toBytes(s, 32))]);
  }),
  edwards('S is 0', 'signature_invalid', (good) => Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)])),
  edwards('S is L', 'signature_invalid', (good) =>
    Buffer.concat([good.subarray(0, 32), reversed(toBytes(groupOrder, 32))]),
  ),
  edwards('R is the identity', 'signature_invalid', (good) =>
    Buffer.concat([Buffer.from([1]), Buffer.alloc(31), good.subarray(32)]),
  ),
  edwards('zeros', 'signature_invalid', () => Buffer.alloc(64)),
  edwards('a byte too short', 'signature_invalid', (good) => good.subarray(0, 63)),
  edwards('a byte too long', 'signature_invalid', (good) => Buffer.concat([good, Buffer.from([0])])),
  edwards('R and S exchanged', 'signature_invalid', (good) =>
    Buffer.concat([good.subarray(32), good.subarray(0, 32)]),
  ),
];

const info = (oid: string, bytes: number) =>
  Buffer.from(
    `30${(oid.length / 2 + bytes + 8).toString(16).padStart(2, '0')}30${(oid.length / 2 + 4).toString(16).padStart(2, '0')}06${(oid.length / 2).toString(16).padStart(2, '0')}${oid}050004${bytes.toString(16)}`,
    'hex',
  );
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest();
const block = (...tail: Buffer[]) => {
  const rest = Buffer.concat([Buffer.from([0]), ...tail]);
  return Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(Math.max(0, 254 - rest.length), 0xff),
    rest,
  ]).subarray(0, 256);
};
const good256 = info('608648016503040201', 32);
const withoutNull = Buffer.from('302f300b0609608648016503040201', 'hex');

/** Blocks that a lenient PKCS #1 parser accepts as a padded digest. Only the owner of the key can sign them. */
const paddings: readonly [string, Case['reason'], (data: Buffer) => Buffer][] = [
  ['the correct one', 'allowed', (data) => paddedDigest(data, 256)],
  ['the correct one, built in this test', 'allowed', (data) => block(good256, sha256(data))],
  [
    'without NULL',
    'signature_invalid',
    (data) => block(withoutNull, Buffer.from('0420', 'hex'), sha256(data)),
  ],
  [
    'garbage after the digest',
    'signature_invalid',
    (data) => {
      const rest = Buffer.concat([Buffer.from([0]), good256, sha256(data)]);
      return Buffer.concat([
        Buffer.from([0, 1]),
        Buffer.alloc(8, 0xff),
        rest,
        Buffer.alloc(246 - rest.length, 0xaa),
      ]);
    },
  ],
  [
    'zeros after the digest',
    'signature_invalid',
    (data) => {
      const rest = Buffer.concat([Buffer.from([0]), good256, sha256(data)]);
      return Buffer.concat([
        Buffer.from([0, 1]),
        Buffer.alloc(8, 0xff),
        rest,
        Buffer.alloc(246 - rest.length),
      ]);
    },
  ],
  ['the digest alone', 'signature_invalid', (data) => block(sha256(data))],
  ['another hash named', 'signature_invalid', (data) => block(info('608648016503040203', 32), sha256(data))],
  [
    'SHA-1',
    'signature_invalid',
    (data) => block(info('2b0e03021a', 20), createHash('sha1').update(data).digest()),
  ],
  [
    'SHA-512',
    'signature_invalid',
    (data) => block(info('608648016503040203', 64), createHash('sha512').update(data).digest()),
  ],
  [
    'block type 0',
    'signature_invalid',
    (data) => Buffer.concat([Buffer.from([0, 0]), paddedDigest(data, 256).subarray(2)]),
  ],
  [
    'block type 2',
    'signature_invalid',
    (data) => Buffer.concat([Buffer.from([0, 2]), paddedDigest(data, 256).subarray(2)]),
  ],
  [
    'a padding byte that is not 0xff',
    'signature_invalid',
    (data) => {
      const bytes = paddedDigest(data, 256);
      bytes[10] = 0xfe;
      return bytes;
    },
  ],
  [
    'a zero inside the padding',
    'signature_invalid',
    (data) => {
      const bytes = paddedDigest(data, 256);
      bytes[10] = 0;
      return bytes;
    },
  ],
  [
    'no zero after the padding',
    'signature_invalid',
    (data) => {
      const bytes = paddedDigest(data, 256);
      bytes[256 - 52] = 0xff;
      return bytes;
    },
  ],
  [
    'a digest with one bit changed',
    'signature_invalid',
    (data) => {
      const bytes = paddedDigest(data, 256);
      bytes[255] = (bytes[255] ?? 0) ^ 1;
      return bytes;
    },
  ],
  [
    'a long form of a length',
    'signature_invalid',
    (data) => block(Buffer.from('308131', 'hex'), good256.subarray(2), sha256(data)),
  ],
];

const rsa: Case[] = [
  ...paddings.map(([name, reason, make]) =>
    tokenCase('B12', `PKCS #1 with ${name}`, reason, ({ main }) =>
      signedBy(main, {}, (data) => signBlock(make(data), privateKeyObject(keyOf(main)))),
    ),
  ),
  ...(
    [
      ['zeros', () => Buffer.alloc(256)],
      ['one', () => toBytes(1n, 256)],
      ['the modulus', (_: Buffer, modulus: bigint) => toBytes(modulus, 256)],
      ['the modulus less one', (_: Buffer, modulus: bigint) => toBytes(modulus - 1n, 256)],
      ['a byte too short', (good: Buffer) => good.subarray(1)],
      ['truncated at its end', (good: Buffer) => good.subarray(0, 255)],
      ['a zero before it', (good: Buffer) => Buffer.concat([Buffer.from([0]), good])],
      ['a zero after it', (good: Buffer) => Buffer.concat([good, Buffer.from([0])])],
      ['reversed', (good: Buffer) => reversed(good)],
      ['one byte', () => Buffer.from([1])],
    ] as const
  ).map(([name, make]) =>
    tokenCase('B12', `an RSA signature: ${name}`, 'signature_invalid', ({ main }) =>
      signedBy(main, {}, (data) =>
        make(
          rsaSignature('sha256', privateKeyObject(keyOf(main)))(data),
          toNumber(Buffer.from(keyOf(main).publicJwk.n ?? '', 'base64url')),
        ),
      ),
    ),
  ),
  tokenCase('B12', 'PSS under the name of RS256', 'signature_invalid', ({ main }) =>
    signedBy(
      main,
      {},
      rsaSignature('sha256', privateKeyObject(keyOf(main)), constants.RSA_PKCS1_PSS_PADDING),
    ),
  ),
  ...[0, 20, 31, 33, 64].map((saltLength) =>
    tokenCase('B12', `PSS with a salt of ${saltLength} bytes`, 'signature_invalid', ({ curves }) =>
      signedBy(curves, { alg: 'PS256', kid: 'PS256' }, (data) =>
        sign('sha256', data, {
          key: privateKeyObject(keyOf(curves, 'PS256')),
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }),
      ),
    ),
  ),
  tokenCase('B12', 'PSS without the zero in front of it', 'signature_invalid', ({ curves }) =>
    signedBy(curves, { alg: 'PS256', kid: 'PS256' }, (data) => {
      const again = rsaSignature(
        'sha256',
        privateKeyObject(keyOf(curves, 'PS256')),
        constants.RSA_PKCS1_PSS_PADDING,
      );
      // The salt changes each time, so one signature in 256 begins with a zero.
      for (;;) {
        const signature = again(data);
        if (signature[0] === 0) return signature.subarray(1);
      }
    }),
  ),
  tokenCase('B12', 'PKCS #1 under the name of PS256', 'signature_invalid', ({ curves }) =>
    signedBy(
      curves,
      { alg: 'PS256', kid: 'PS256' },
      rsaSignature('sha256', privateKeyObject(keyOf(curves, 'PS256'))),
    ),
  ),
];

// Used here only for their names; the world publishes its own.
const weak: Case[] = weakKeys().map(({ row, kid, algorithm }) =>
  tokenCase(
    row,
    `a token by the published key ${kid}`,
    'key_not_found',
    ({ weak: issuer, weakKeys: published }) => {
      const key = published.find((one) => one.kid === kid);
      if (key === undefined) throw new TypeError(`no key ${kid}`);
      return signedBy(issuer, { alg: algorithm, kid }, key.sign);
    },
  ),
);

/** All cases of this table. */
export const cryptographyCases: readonly Case[] = [
  ...elliptic,
  ...edwardsCases,
  ...rsa,
  ...weak,
  tokenCase('H9', 'a token signed with the only usable key of the set', 'allowed', ({ weak: issuer }) =>
    issuer.mint(),
  ),
];
