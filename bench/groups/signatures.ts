/** The CPU of one verification with all its threads, by library and algorithm. */
import { createPublicKey, verify } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { importPublicKey } from '../../src/issuer/keys/public-key.ts';
import { ratios, spread } from '../measure.ts';
import type { Row } from '../report/table.ts';
import { type Algorithm, algorithms } from '../tokens.ts';
import { type Group, rangeText } from './group.ts';

const rounds = 5;
const count = 600;

/** Verifies one token; true if it is valid. */
type Verifier = (token: string) => boolean | Promise<boolean>;

const synchronous = 'node:crypto, synchronous';

/** Libraries that verify signatures, without a server. */
export const signatures: Group = {
  name: 'signatures',
  title: 'Comparison of verification libraries',
  run: async ({ mint: { shared, issuer }, say }) => {
    const rows: Row[] = [];
    for (const algorithm of algorithms) {
      const tokens = shared(count, algorithm);
      const jwk = issuer.keys.find((key) => key.algorithm === algorithm)?.publicJwk ?? {};
      const measured = Object.entries(await verifiers(algorithm, jwk));
      for (const atOnce of [1, 64]) {
        say(`${algorithm}, ${atOnce} at once`);
        const costs = new Map<string, number[]>(measured.map(([name]) => [name, []]));
        for (let round = 0; round <= rounds; round++)
          for (const [name, verifier] of measured) {
            const cost = await costOf(verifier, tokens, atOnce);
            if (round > 0) costs.get(name)?.push(cost);
          }
        for (const [name, own] of costs)
          rows.push({
            name: `${algorithm}, ${atOnce} at once, ${name}`,
            ratio: spread(ratios(own, costs.get(synchronous) ?? [])),
            ...(name !== synchronous && { against: synchronous }),
            here: rangeText(spread(own)),
          });
      }
    }
    return {
      tables: [
        {
          title: 'CPU for one verification, one or 64 at once',
          here: 'µs, median (min to max)',
          rows,
          note: 'The service verifies with `node:crypto`, synchronously, after everything that needs no verification ([ADR 12](adr/0012-signatures-on-the-main-thread.md)). The tests compare every verdict with jose.',
        },
      ],
    };
  },
};

async function verifiers(algorithm: Algorithm, jwk: object): Promise<Record<string, Verifier>> {
  const own = importPublicKey(jwk as Parameters<typeof importPublicKey>[0], algorithm);
  const keyObject = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const cryptoKey = await importJWK(jwk, algorithm);
  if (cryptoKey instanceof Uint8Array) throw new TypeError('expected a public key');
  const input = algorithm === 'ES256' ? { key: keyObject, dsaEncoding: 'ieee-p1363' as const } : keyObject;
  const parts = (token: string) => {
    const end = token.lastIndexOf('.');
    return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url')] as const;
  };
  const webCrypto = {
    RS256: { name: 'RSASSA-PKCS1-v1_5' },
    ES256: { name: 'ECDSA', hash: 'SHA-256' },
    EdDSA: { name: 'Ed25519' },
  }[algorithm];
  return {
    [synchronous]: (token) => own(...parts(token)),
    'node:crypto, asynchronous': (token) =>
      new Promise((resolve, reject) => {
        const [data, signature] = parts(token);
        const done = (error: Error | null, isGood: boolean) =>
          error === null ? resolve(isGood) : reject(error);
        verify(algorithm === 'EdDSA' ? null : 'sha256', data, input, signature, done);
      }),
    WebCrypto: (token) => {
      const [data, signature] = parts(token);
      return crypto.subtle.verify(webCrypto, cryptoKey, signature, data);
    },
    jose: (token) => compactVerify(token, cryptoKey).then(() => true),
  };
}

async function costOf(verifier: Verifier, tokens: readonly string[], atOnce: number): Promise<number> {
  const before = process.cpuUsage();
  let next = 0;
  const work = async () => {
    while (next < tokens.length) {
      if (!(await verifier(tokens[next++] ?? ''))) throw new Error('a valid token was denied');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tokens.length;
}
