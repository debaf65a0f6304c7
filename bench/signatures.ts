/**
 * `npm run bench:signatures`: the CPU of one verification with all its threads, by library, algorithm and the number of
 * concurrent verifications.
 */
import { createPublicKey, verify } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { importPublicKey } from '../src/issuer/keys/public-key.ts';
import { one, type Table } from './groups/group.ts';
import { type Spread, spread } from './measure.ts';
import { circumstances, storeResult, tableText } from './report.ts';
import { type Algorithm, algorithms, startMint } from './tokens.ts';

const rounds = 5;
const count = 1_000;

/** Verifies one token; true if it is valid. */
type Verifier = (token: string) => boolean | Promise<boolean>;

const { mint, issuer } = await startMint();
const figures = new Map<string, Spread>();
for (const algorithm of algorithms) {
  const tokens = mint(count, { algorithm });
  const jwk = issuer.keys.find((key) => key.algorithm === algorithm)?.publicJwk ?? {};
  for (const [name, verifier] of Object.entries(await verifiers(algorithm, jwk)))
    for (const atOnce of [1, 64])
      figures.set(`${name} ${algorithm} ${atOnce}`, await measure(verifier, tokens, atOnce));
}
const names = ['node:crypto, synchronous', 'node:crypto, asynchronous', 'WebCrypto', 'jose'];
const table: Table = {
  title: 'µs of CPU for one verification, median of five, one or 64 at once',
  columns: ['case', ...algorithms.flatMap((algorithm) => [`${algorithm}, 1`, `${algorithm}, 64`])],
  rows: names.map((name) => [
    name,
    ...algorithms.flatMap((algorithm) =>
      [1, 64].map((atOnce) => one(figures.get(`${name} ${algorithm} ${atOnce}`)?.median ?? 0)),
    ),
  ]),
  note: 'The service verifies with `node:crypto`, synchronously, after everything that needs no verification ([ADR 12](adr/0012-signatures-on-the-main-thread.md)). The tests compare every verdict with jose.',
};
storeResult({ name: 'signatures' }, { tables: [table], circumstances: circumstances(rounds, count) });
process.stdout.write(tableText(table));
process.exit();

async function verifiers(algorithm: Algorithm, jwk: object): Promise<Record<string, Verifier>> {
  const synchronous = importPublicKey(jwk as Parameters<typeof importPublicKey>[0], algorithm);
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
    'node:crypto, synchronous': (token) => synchronous(...parts(token)),
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

async function measure(verifier: Verifier, tokens: readonly string[], atOnce: number): Promise<Spread> {
  const costs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage();
    let next = 0;
    const work = async () => {
      while (next < tokens.length) {
        if (!(await verifier(tokens[next++] ?? ''))) throw new Error('a valid token was denied');
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const { user, system } = process.cpuUsage(before);
    if (round > 0) costs.push((user + system) / tokens.length);
  }
  return spread(costs);
}
