/** Compares the verdict of this service on a token with the verdict of jose. */
import { type JoseVerdict, judgeWithJose } from '../../credential/cross-check/jose-verdict.ts';
import type { Decision } from '../../model/decision.ts';
import type { JoseComparison } from '../../model/explanation.ts';
import type { Reason } from '../../model/reasons.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import type { CheckParts } from '../configured-check.ts';

/** Reasons for which jose must reject the token too. jose judges no scopes, types or rules, and it does not read `iat`. */
const rejectedByBoth: ReadonlySet<Reason> = new Set(['signature_invalid', 'token_expired', 'claim_missing']);

/**
 * Asks jose about a token whose signature this service has judged.
 *
 * @param authorization the value of the authorization header
 * @param isVerified whether this service accepts the signature
 * @returns undefined if the keys of the issuer are no longer known
 */
export async function compareWithJose(
  { issuers, clock }: CheckParts,
  authorization: string,
  decision: Decision,
  isVerified: boolean,
): Promise<JoseComparison | undefined> {
  const token = authorization.trim().replace(/^\S+ +/, '');
  const iss = issuerOf(token);
  const trusted = issuers.find(({ config }) => config.issuer === iss);
  const keySet = trusted?.issuer.published();
  if (trusted === undefined || keySet === undefined) return undefined;
  try {
    const verdict = await judgeWithJose({ token, keySet, issuer: trusted.config, now: clock.now() });
    const differs = contradicts(verdict, decision, isVerified);
    return verdict.valid
      ? { verdict: 'accepts', differs }
      : { verdict: 'rejects', text: `${verdict.code}: ${verdict.message}`, differs };
  } catch (error) {
    return { verdict: 'none', text: error instanceof Error ? error.message : String(error), differs: false };
  }
}

/** Whether one of the two verdicts must be wrong. A token can have several faults, and the two do not look for them in the same order. */
function contradicts(verdict: JoseVerdict, decision: Decision, isVerified: boolean): boolean {
  const isAccepted = decision.outcome === 'allow' && decision.identity !== undefined;
  const reason = (decision.outcome === 'allow' ? decision.shadow : undefined) ?? decision.reason;
  if (verdict.valid) return rejectedByBoth.has(reason);
  return isAccepted || (isVerified && verdict.key === undefined);
}

/** The `iss` of a token whose claims the verifier has read. */
function issuerOf(token: string): unknown {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined;
}
