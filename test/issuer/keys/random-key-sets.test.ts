/** Random key sets: compares the result with jose, and requires that a key of the set signed each accepted token. */
import fc from 'fast-check';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { supportedAlgorithms } from '../../../src/config/declare/issuer-options.ts';
import { audience } from '../../support/fake-issuer.ts';
import {
  allowedAlgorithms,
  createPair,
  issuerUrl,
  signToken,
  verifiersOf,
} from '../../support/key-choice.ts';

const pairs = (['RSA', 'RSA', 'RSA', 'P-256', 'P-256', 'P-384', 'Ed25519', 'Ed25519'] as const).map(
  createPair,
);
const kids = ['a', 'b', 'c'];

interface Member {
  readonly pair: number;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** One of the first in four of five cases. */
const mostly = <T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );

/** A key of the pool as an issuer could publish it. */
const member = (): fc.Arbitrary<Member> =>
  fc
    .record({
      pair: fc.nat(pairs.length - 1),
      kid: mostly<unknown>([undefined, ...kids], [null]),
      alg: mostly<unknown>([undefined, 'own'], [null, 'other', 'RSA-OAEP']),
      use: mostly<unknown>([undefined, 'sig'], [null, 'enc', 'jwt-svid']),
      operations: mostly<unknown>([undefined], [null, ['verify'], ['sign', 'verify'], ['sign']]),
      isPadded: fc.boolean(),
      choice: fc.nat(1),
    })
    .map(({ pair, kid, alg, use, operations, isPadded, choice }) => {
      const { jwk, algorithms } = pairs[pair] ?? { jwk: {}, algorithms: [] };
      const own = algorithms[choice % algorithms.length];
      const named = alg === 'own' ? own : alg === 'other' ? supportedAlgorithms[choice * 7] : alg;
      const numbers = Object.entries(jwk).map(([name, value]) =>
        isPadded && ['n', 'e', 'x', 'y'].includes(name)
          ? [name, String(value).padEnd(Math.ceil(String(value).length / 4) * 4, '=')]
          : [name, value],
      );
      return { pair, jwk: { ...Object.fromEntries(numbers), kid, alg: named, use, key_ops: operations } };
    });

const foreign = fc.constantFrom<unknown>(
  null,
  {},
  { kty: 'oct', k: 'AAAA' },
  { kty: 'OKP', crv: 'X25519', x: 'AAAA' },
  { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
  { kty: 'RSA', n: 'AAAA', e: 'AQAB', kid: 'a' },
);

const inputs = fc.record({
  members: fc.array(member(), { minLength: 1, maxLength: 12, size: 'max' }),
  foreign: fc.array(foreign, { maxLength: 2 }),
  signer: fc.nat(pairs.length - 1),
  isPublished: fc.integer({ min: 0, max: 9 }).map((one) => one < 8),
  choice: fc.nat(1),
  kid: fc.constantFrom<unknown>(undefined, undefined, undefined, null, ...kids, 'unknown'),
});

/** The number of keys that jose finds, and whether one of them signed the token. */
async function askJose(jwks: JSONWebKeySet, token: string): Promise<{ found: number; isTaken: boolean }> {
  const terms = { issuer: issuerUrl, audience, algorithms: [...allowedAlgorithms] };
  const isSignedBy = (key: Parameters<typeof jwtVerify>[1]) =>
    jwtVerify(token, key, terms).then(
      () => true,
      () => false,
    );
  try {
    await jwtVerify(token, createLocalJWKSet(jwks), terms);
    return { found: 1, isTaken: true };
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return { found: 1, isTaken: false };
    let [found, isTaken] = [0, false];
    for await (const key of error) {
      found++;
      isTaken ||= await isSignedBy(key);
    }
    return { found, isTaken };
  }
}

/** Whether a member is the key that signed the token and may verify it according to the RFCs, without order or limits. */
function verifies({ pair, jwk }: Member, signer: number, algorithm: string, kid: unknown): boolean {
  const operations = jwk.key_ops ?? ['verify'];
  return (
    pair === signer &&
    (jwk.alg ?? algorithm) === algorithm &&
    ['sig', 'jwt-svid'].includes(String(jwk.use ?? 'sig')) &&
    [operations].flat().includes('verify') &&
    (jwk.kid ?? kid ?? undefined) === (kid ?? jwk.kid ?? undefined)
  );
}

test('accepts the same tokens as jose, unless too many keys match; accepts none without a matching key; both processes agree', async () => {
  const counts = { allowed: 0, refused: 0, bothTaken: 0, several: 0 };
  await fc.assert(
    fc.asyncProperty(inputs, async ({ members, foreign: others, signer: any, isPublished, choice, kid }) => {
      const signer = isPublished ? (members[any % members.length]?.pair ?? any) : any;
      const pair = pairs[signer];
      if (pair === undefined) return;
      const algorithm = pair.algorithms[
        choice % pair.algorithms.length
      ] as (typeof allowedAlgorithms)[number];
      const token = signToken(pair, algorithm, { kid });
      const keys = [...others, ...members.map(({ jwk }) => jwk)];
      const text = JSON.stringify({ keys });
      const { owned, mirrored, stop } = await verifiersOf(text);
      const reason = await owned(token);
      expect(await mirrored(token)).toBe(reason);
      stop();
      const published = JSON.parse(text) as JSONWebKeySet;
      const jose = await askJose({ keys: published.keys.filter((key) => key !== null) }, token);
      const matching = members.filter((one) => verifies(one, signer, algorithm, kid)).length;
      if (jose.isTaken && jose.found <= 4) expect(reason).toBe('allowed');
      if (reason === 'allowed') expect(matching).toBeGreaterThan(0);
      // At most three keys of the pool have one algorithm, so the limit is never reached. A token with a matching key is allowed, unless
      // another key has the `kid` of the token.
      const isNamed = (kid ?? undefined) !== undefined;
      if (matching > 0 && !isNamed) expect(reason).toBe('allowed');
      counts[reason === 'allowed' ? 'allowed' : 'refused']++;
      if (jose.isTaken && reason === 'allowed') counts.bothTaken++;
      if (jose.found > 1) counts.several++;
    }),
    { numRuns: 300 },
  );
  expect(Object.entries(counts).filter(([, count]) => count < 5)).toEqual([]);
});
