/** Many distinct tokens, signed with one key for each algorithm. */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { exportJWK } from 'jose';
import { audience, type FakeIssuer, sendJson, startFakeIssuer } from '../test/support/fake-issuer.ts';
import { createSigningKey } from '../test/support/keys.ts';

/** The measured algorithms. */
export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;

/** A measured algorithm. */
export type Algorithm = (typeof algorithms)[number];

/** Creates many tokens of one issuer. */
export interface TokenMint {
  readonly issuer: FakeIssuer;
  /** The key set of the issuer, as JSON. */
  readonly jwks: string;
  /** Signs distinct tokens of about 700 bytes. */
  readonly mint: (count: number, options?: TokenOptions) => string[];
  /** Returns the first tokens of an algorithm. They are signed once, so groups share them: each group has new servers. */
  readonly shared: (count: number, algorithm?: Algorithm) => string[];
  /** Creates tokens that are valid except for the signature, which is from another token. */
  readonly forge: (count: number) => string[];
}

/** Properties of a token that differ from the default. */
export interface TokenOptions {
  readonly algorithm?: Algorithm;
  /** The size of an additional claim, in bytes. */
  readonly padding?: number;
  /** Another `iss`. */
  readonly issuer?: string;
}

/** Starts an issuer with one key for each algorithm. */
export async function startMint(): Promise<TokenMint> {
  const keys = await Promise.all(algorithms.map((name) => createSigningKey(`bench-${name}`, name)));
  const issuer = await startFakeIssuer({ keys });
  // oauth2-proxy needs these members.
  issuer.discovery = (_, response) =>
    sendJson(response, {
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/jwks`,
      authorization_endpoint: `${issuer.url}/authorize`,
      token_endpoint: `${issuer.url}/token`,
      id_token_signing_alg_values_supported: algorithms,
    });
  const privateKeys = new Map<Algorithm, KeyObject>();
  for (const [index, name] of algorithms.entries()) {
    const jwk = await exportJWK(keys[index]?.privateKey as NonNullable<(typeof keys)[number]>['privateKey']);
    privateKeys.set(name, createPrivateKey({ key: { ...jwk }, format: 'jwk' }));
  }
  const mint = (
    count: number,
    { algorithm = 'RS256', padding = 0, issuer: iss = issuer.url }: TokenOptions = {},
  ): string[] => {
    const key = privateKeys.get(algorithm) as KeyObject;
    const header = segment({ alg: algorithm, kid: `bench-${algorithm}`, typ: 'at+jwt' });
    return Array.from({ length: count }, () => {
      const data = Buffer.from(`${header}.${segment(claimsOf(iss, padding))}`);
      return `${data}.${signatureOf(data, algorithm, key).toString('base64url')}`;
    });
  };
  const signed = new Map<Algorithm, string[]>(algorithms.map((name) => [name, []]));
  const shared = (count: number, algorithm: Algorithm = 'RS256') => {
    const known = signed.get(algorithm) ?? [];
    for (const token of mint(Math.max(0, count - known.length), { algorithm })) known.push(token);
    return known.slice(0, count);
  };
  return {
    issuer,
    jwks: JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) }),
    mint,
    shared,
    forge: (count) => {
      const [good = ''] = mint(1);
      const signature = good.slice(good.lastIndexOf('.') + 1);
      return mint(count, { algorithm: 'ES256' }).map((token) => {
        const [, payload = ''] = token.split('.');
        return `${good.slice(0, good.indexOf('.'))}.${payload}.${signature}`;
      });
    },
  };
}

function claimsOf(issuer: string, padding: number): object {
  const now = Math.floor(Date.now() / 1000);
  const id = randomUUID();
  return {
    iss: issuer,
    aud: audience,
    sub: `user-${id.slice(0, 8)}`,
    email: `${id.slice(0, 8)}@example.com`,
    preferred_username: id.slice(0, 8),
    groups: ['orders', 'customers'],
    scope: 'orders.read orders.write',
    iat: now,
    exp: now + 86_400,
    jti: id,
    ...(padding > 0 && { padding: 'x'.repeat(padding) }),
  };
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signatureOf(data: Buffer, algorithm: Algorithm, key: KeyObject): Buffer {
  if (algorithm === 'EdDSA') return sign(null, data, key);
  return sign('sha256', data, algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key);
}
