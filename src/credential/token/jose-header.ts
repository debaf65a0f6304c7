/** Reads the JOSE header of a token (RFC 7515 section 4). */

import { type Algorithm, supportedAlgorithms } from '../../config/declare/issuer-options.ts';
import { detailOf, listed } from '../../config/values/detail-text.ts';
import { isKeyId, toAlgorithm } from '../../issuer/keys/kid-and-alg.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { StepDetail } from '../../model/trace.ts';
import { readJsonObject } from './json.ts';

/** The header parameters that a check uses. */
export interface JoseHeader {
  /** `Ed25519` (RFC 9864) is read as `EdDSA`. */
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  /** `typ`, unchecked; undefined if absent. */
  readonly type: unknown;
}

/** A header that cannot be used. */
export interface HeaderProblem {
  readonly reason: DenyReason;
  readonly detail: () => StepDetail;
}

/**
 * Reads the decoded header of a token. Its length is not limited here, because a certificate chain (`x5c`) takes kilobytes.
 *
 * `jku`, `jwk`, `x5u`, `x5c` and `x5t` are ignored, because keys come only from the configured issuer. `zip`, `enc` and `cty` are
 * ignored too: they have no meaning for a JWS whose payload is a JSON object (RFC 7515 section 4). A null parameter counts as
 * absent, except `alg` and `crit`.
 *
 * @returns the header, or its problem
 */
export function readHeader(bytes: Buffer): JoseHeader | HeaderProblem {
  const header = readJsonObject(bytes);
  if (header === undefined)
    return malformed('a JSON object', 'another text', `the header is not a JSON object, ${jsonRules}`);
  const present = (name: string) => (Object.hasOwn(header, name) ? (header[name] ?? undefined) : undefined);

  // These parameters change how the token is signed or read (RFC 7515 section 4.1.11, RFC 7797 section 3).
  if (Object.hasOwn(header, 'crit') || present('b64') !== undefined)
    return malformed(
      'no crit and no b64',
      'crit or b64',
      'the header has crit or b64, which are not supported',
    );
  const keyId = present('kid');
  if (keyId !== undefined && !isKeyId(keyId))
    return malformed(
      'a kid of at most 256 characters',
      'another kid',
      'the kid is not a string, or is longer than 256 characters',
    );
  const algorithm = toAlgorithm(present('alg'));
  if (algorithm === undefined)
    return { reason: 'algorithm_not_allowed', detail: () => unknownAlgorithm(present('alg')) };
  return { algorithm, keyId, type: present('typ') };
}

/** The rules for JSON objects of a token, for texts. */
export const jsonRules = 'has a member twice, or is nested deeper than 32 levels';

function malformed(expected: string, found: string, text: string): HeaderProblem {
  return {
    reason: 'token_malformed',
    detail: () => detailOf({ step: 'header', subject: 'the header of the token', expected, found }, text),
  };
}

function unknownAlgorithm(value: unknown): StepDetail {
  const found = typeof value === 'string' ? listed([value]) : 'no algorithm';
  return detailOf(
    { step: 'header', subject: 'alg', expected: supportedAlgorithms.join(', '), found },
    typeof value === 'string'
      ? `alg ${found} is not supported; supported are ${supportedAlgorithms.join(', ')}`
      : 'the header does not have an alg that is a string',
  );
}
