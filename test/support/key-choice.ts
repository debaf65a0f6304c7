/** The verifier with one key set: with the owner of the keys, and with a mirrored issuer as in a worker. */
import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import type { Algorithm } from '../../src/config/declare/issuer-options.ts';
import { createTokenCache } from '../../src/credential/token/cache.ts';
import { createVerifier, type Verdict } from '../../src/credential/token/verifier.ts';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import { createMirroredIssuer } from '../../src/issuer/mirrored-issuer.ts';
import type { Reason } from '../../src/model/reasons.ts';
import { type Pair, signWith } from '../security/differential/key-pool.ts';
import { configOf } from './app.ts';
import { createTestClock } from './clock.ts';
import { quietContext } from './core.ts';
import { audience } from './fake-issuer.ts';
import { base64url } from './tokens.ts';

/** The issuer of all tokens here. */
export const issuerUrl = 'https://issuer.example.com/';

/** The algorithms of its tokens. */
export const allowedAlgorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

/** Creates a key pair. */
export function createPair(kind: 'RSA' | 'P-256' | 'P-384' | 'Ed25519'): Pair {
  const { publicKey, privateKey } = generate(kind);
  const algorithms = { RSA: ['RS256', 'PS256'], 'P-256': ['ES256'], 'P-384': ['ES384'], Ed25519: ['EdDSA'] };
  return {
    kind,
    algorithms: algorithms[kind],
    publicKey,
    privateKey,
    jwk: publicKey.export({ format: 'jwk' }) as JWK,
  };
}

function generate(kind: 'RSA' | 'P-256' | 'P-384' | 'Ed25519') {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return kind === 'Ed25519'
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: kind });
}

/** Signs a token with valid claims. Members that are undefined are removed. */
export function signToken(
  pair: Pair,
  algorithm: Algorithm,
  header: Readonly<Record<string, unknown>> = {},
  claims: Readonly<Record<string, unknown>> = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: issuerUrl, aud: audience, sub: 'alice', iat: now, exp: now + 300, ...claims };
  const input = [{ alg: algorithm, ...header }, payload].map((part) => base64url(JSON.stringify(part)));
  const data = Buffer.from(input.join('.'));
  return [...input, base64url(signWith(pair, algorithm, data))].join('.');
}

/** The result of a verifier. */
export type Verify = (token: string) => Promise<Reason>;

/**
 * Creates the verifiers of a key set.
 *
 * @param more further options of the issuer, in YAML
 */
export async function verifiersOf(
  jwks: string,
  more = '',
): Promise<{ readonly owned: Verify; readonly mirrored: Verify; readonly stop: () => void }> {
  const config = await configOf(
    `issuers: [{issuer: "${issuerUrl}", audiences: [${audience}], algorithms: [${allowedAlgorithms.join(', ')}], jwks: ${JSON.stringify(jwks).replaceAll('\ufeff', '\\ufeff')}${more}}]`,
  );
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const clock = createTestClock();
  const owner = planIssuer(issuerConfig, config, quietContext(clock)).create();
  owner.start();
  // A key set in the configuration is loaded immediately, or is invalid.
  await owner.refresh();
  const mirror = createMirroredIssuer({
    config: issuerConfig,
    timing: config.keys,
    maxKeys: config.limits.maxIssuerKeys,
    clock,
    fetch: async () => false,
  });
  mirror.update(owner.snapshot());
  const verifyWith = (issuer: typeof owner | typeof mirror): Verify => {
    const verify = createVerifier({
      issuers: [{ config: issuerConfig, issuer }],
      denyList: () => [],
      cache: createTokenCache({ ...config.cache, maxEntries: 0 }),
      limits: config.limits,
      clock,
      onLookup: () => {},
    });
    return async (token) => reasonOf(await verify(token));
  };
  return { owned: verifyWith(owner), mirrored: verifyWith(mirror), stop: owner.stop };
}

function reasonOf(verdict: Verdict): Reason {
  return verdict.outcome === 'verified' ? 'allowed' : verdict.reason;
}
