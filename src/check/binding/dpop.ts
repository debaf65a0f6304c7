/** DPoP proofs: the client signs each request with the key that its token is bound to (RFC 9449 section 4). */
import { hash } from 'node:crypto';
import { proofClockTolerance } from '../../config/declare/binding-options.ts';
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { Config } from '../../config/declare/options.ts';
import { readDate, readString, wrongType } from '../../credential/token/claims.ts';
import { signedBytes, splitCompact } from '../../credential/token/compact-jws.ts';
import { readHeader } from '../../credential/token/jose-header.ts';
import { readJsonObject } from '../../credential/token/json.ts';
import { importPublicKey, isInvalidKey, type VerifySignature } from '../../issuer/keys/public-key.ts';
import { readKey } from '../../issuer/keys/published-key.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import { type BindingProblem, invalid } from './binding-problem.ts';
import {
  malformed,
  outsideWindow,
  proofAlgorithm,
  proofAlgorithms,
  proofCount,
  wrongMethod,
  wrongTarget,
} from './proof-problems.ts';
import { targetProblem } from './proof-target.ts';

/** The longest proof, in characters. A proof with an RSA key of 8192 bits has about 3,000. */
const maxProofLength = 8 * 1024;

/** A proof for a request and its token. Its signature is not verified yet. */
export interface UnverifiedProof {
  /** Equal for two proofs with the same key and `jti`. */
  readonly id: string;
  /** `iat`, in milliseconds. */
  readonly issuedAt: number;
  /**
   * Verifies the signature. It takes as long as that of a token.
   *
   * @throws Error if the verification itself fails, which no proof can cause
   */
  readonly verify: () => boolean;
}

/** The values that a proof must match. */
export interface ProofTerms {
  readonly request: CheckRequest;
  readonly token: string;
  /** The thumbprint in the token (RFC 9449 section 6.1). */
  readonly keyThumbprint: string;
  /** The wall clock, in milliseconds. */
  readonly now: number;
}

type DpopOptions = Pick<Config['dpop'], 'origins' | 'maxAge'>;

/** Imports a public key, as {@link importPublicKey} does. */
export type ImportKey = (...key: Parameters<typeof importPublicKey>) => VerifySignature;

/**
 * Reads the proof of a request and checks everything of RFC 9449 section 4.3 except the signature and earlier use.
 *
 * @returns the proof, or the first problem: there is not exactly one proof, or it is not for this request and token
 */
export function readProof(
  terms: ProofTerms,
  options: DpopOptions,
  importKey: ImportKey = importPublicKey,
): UnverifiedProof | BindingProblem {
  const { request, token, keyThumbprint, now } = terms;
  const [proof, ...others] = request.dpop;
  if (proof === undefined || others.length > 0) return proofCount(request.dpop.length);
  if (proof.length > maxProofLength) return malformed(`is longer than ${maxProofLength} characters`);
  const segments = splitCompact(proof);
  if (segments === undefined) return malformed('is not a signed JWT');
  const header = readHeader(segments.header);
  if ('reason' in header) return malformed('has a header that is not valid');
  if (typeof header.type !== 'string' || !/^(application\/)?dpop\+jwt$/i.test(header.type))
    return invalid('typ of the proof', 'dpop+jwt', 'another', 'the typ of the DPoP proof is not dpop+jwt');
  if (!proofAlgorithms.includes(header.algorithm)) return proofAlgorithm(header.algorithm);

  const jwk = readJsonObject(segments.header)?.jwk;
  if (thumbprintOf(jwk) !== keyThumbprint)
    return invalid(
      'jwk of the proof',
      'the key of the token (cnf.jkt)',
      'another',
      'the key of the DPoP proof (jwk) is not the key of the token: its thumbprint differs from cnf.jkt',
    );
  const claims = readJsonObject(segments.payload);
  if (claims === undefined) return malformed('has a payload that is not a JSON object');
  const [id, method, target, tokenHash] = ['jti', 'htm', 'htu', 'ath'].map((name) =>
    readString(claims, name),
  );
  const issuedAt = readDate(claims, 'iat');
  if (typeof id !== 'string' || id === '') return malformed('does not have the claim jti');
  if (typeof target !== 'string') return malformed('does not have the claim htu');
  if (method !== request.method) return wrongMethod(request.method);
  if (tokenHash !== hash('sha256', token, 'base64url'))
    return invalid(
      'ath of the proof',
      'the SHA-256 of the token',
      'another',
      'the claim ath of the DPoP proof is not the hash of this token',
    );
  if (issuedAt === undefined || issuedAt === wrongType) return malformed('does not have a valid claim iat');
  const age = now - issuedAt * 1000;
  if (age > options.maxAge || age < -proofClockTolerance) return outsideWindow(issuedAt, age, options.maxAge);
  const problem = targetProblem(target, request, options.origins);
  if (problem !== undefined) return wrongTarget(problem);

  return {
    id: hash('sha256', JSON.stringify([keyThumbprint, id]), 'base64'),
    issuedAt: issuedAt * 1000,
    verify: () => isSigned(proof, segments.signature, jwk, header.algorithm, importKey),
  };
}

function isSigned(
  proof: string,
  signature: Buffer,
  jwk: unknown,
  algorithm: Algorithm,
  importKey: ImportKey,
) {
  const verify = keyOf(jwk, algorithm, importKey);
  return verify?.(signedBytes(proof), signature) ?? false;
}

/** The key in a proof; undefined if it is not usable. */
function keyOf(jwk: unknown, algorithm: Algorithm, importKey: ImportKey): VerifySignature | undefined {
  const key = readKey(jwk, { algorithms: [algorithm], keyUses: ['sig'] });
  if ('unused' in key) return undefined;
  try {
    return importKey(key.publicKey, algorithm);
  } catch (error) {
    if (isInvalidKey(error)) return undefined;
    throw error;
  }
}

/** The members in the thumbprint of a key, by key type, in order (RFC 7638 section 3.2). */
const thumbprintMembers = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
]);

/** The SHA-256 thumbprint of a public key (RFC 7638); undefined if it is not a supported key. */
function thumbprintOf(jwk: unknown): string | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const members = new Map(Object.entries(jwk));
  const names = thumbprintMembers.get(members.get('kty'));
  if (names === undefined || !names.every((name) => typeof members.get(name) === 'string')) return undefined;
  const canonical = Object.fromEntries(names.map((name) => [name, members.get(name)]));
  return hash('sha256', JSON.stringify(canonical), 'base64url');
}
