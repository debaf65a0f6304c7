/** Compares the verifier's verdict on a token with jose's. */
import { readClaims } from '../token/claims.ts';
import { intendedDifferences, notJudgedByJose } from './intended-differences.ts';
import { type JoseVerdict, joseSignatureInvalid, judgeWithJose } from './jose-verdict.ts';
import type { JudgedToken } from './observe.ts';

/** One second: jose uses whole seconds, and a token can have fractions. */
const second = 1000;

/**
 * Asks jose about a token.
 *
 * @returns undefined if the verdicts agree, or differ as intended; otherwise jose's code, or `valid`
 * @throws Error if jose has no verdict
 */
export async function compareVerdicts(judged: JudgedToken): Promise<string | undefined> {
  let different = '';
  for (const keySet of judged.keySets) {
    for (const now of [...judged.times, ...judged.times.map((time) => time + second)]) {
      const verdict = await judgeWithJose({ ...judged, keySet, now });
      if (isSame(judged.reason, verdict) || isIntended(judged, verdict, keySet, now)) return undefined;
      different ||= verdict.valid ? 'valid' : verdict.code;
    }
  }
  return different;
}

function isSame(reason: string, verdict: JoseVerdict): boolean {
  if (reason === 'allowed' || verdict.valid) return reason === 'allowed' && verdict.valid;
  if (reason === 'signature_invalid') return verdict.code === joseSignatureInvalid;
  if (reason === 'key_not_found') return verdict.key === undefined;
  return verdict.key !== undefined && !notJudgedByJose.includes(reason);
}

function isIntended(judged: JudgedToken, verdict: JoseVerdict, keySet: string, now: number): boolean {
  const { token, header, payload, reason, issuer } = judged;
  const { key } = verdict;
  if (key === undefined) return false;
  const difference = {
    header,
    claims: readClaims({ text: payload, form: 'json' }),
    signatureLength: Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url').length,
    key,
    keySet,
    issuer,
    now: now / 1000,
  };
  return intendedDifferences.some(
    ({ reasons, joseAccepts, applies }) =>
      reasons.includes(reason) && (joseAccepts ?? verdict.valid) === verdict.valid && applies(difference),
  );
}
