/** jose's verdict on the token of an explained request. */
import { compareVerdicts } from '../../credential/cross-check/compare-verdicts.ts';
import { judgeWithJose } from '../../credential/cross-check/jose-verdict.ts';
import type { JudgedToken } from '../../credential/cross-check/observe.ts';
import { readString } from '../../credential/token/claims.ts';
import { splitCompact } from '../../credential/token/compact-jws.ts';
import { readHeader } from '../../credential/token/jose-header.ts';
import { readJsonObject } from '../../credential/token/json.ts';
import type { Verdict } from '../../credential/token/verifier.ts';
import type { JoseComparison } from '../../model/explanation.ts';
import type { CheckParts } from '../configured-check.ts';

/** The keys and the time before a check. Both can change during it. */
export interface CheckBegin {
  /** The published key set of each issuer, by its `iss`. */
  readonly keySets: ReadonlyMap<string, string | undefined>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** The published key set of each issuer, by its `iss`. */
export function publishedKeySets({ issuers }: CheckParts): CheckBegin['keySets'] {
  return new Map(issuers.map(({ config, issuer }) => [config.issuer, issuer.published()]));
}

/**
 * Asks jose about a token, and compares the verdicts.
 *
 * @param authorization the value of the authorization header
 * @returns undefined if the token did not reach its signature, or if there are no keys
 */
export async function askJose(
  parts: CheckParts,
  verdict: Verdict,
  authorization: string,
  begin: CheckBegin,
): Promise<JoseComparison | undefined> {
  const judged = judgedToken(parts, verdict, authorization.trim().replace(/^\S+ +/, ''), begin);
  const [keySet] = judged?.keySets ?? [];
  if (judged === undefined || keySet === undefined) return undefined;
  try {
    const answer = await judgeWithJose({ ...judged, keySet, now: judged.times[0] ?? begin.time });
    const differs = (await compareVerdicts(judged)) !== undefined;
    return answer.valid
      ? { verdict: 'accepts', differs }
      : { verdict: 'rejects', text: `${answer.code}: ${answer.message}`, differs };
  } catch (error) {
    return { verdict: 'none', text: error instanceof Error ? error.message : String(error), differs: false };
  }
}

function judgedToken(
  { issuers, clock }: CheckParts,
  verdict: Verdict,
  token: string,
  { keySets, time }: CheckBegin,
): JudgedToken | undefined {
  if (!reachedSignature(verdict)) return undefined;
  const segments = splitCompact(token);
  if (segments === undefined) return undefined;
  const header = readHeader(segments.header);
  if ('reason' in header) return undefined;
  const { payload } = segments;
  const iss = readString(readJsonObject(payload) ?? {}, 'iss');
  const trusted = issuers.find(({ config }) => config.issuer === iss);
  if (trusted === undefined) return undefined;
  const known = [keySets.get(trusted.config.issuer), trusted.issuer.published()];
  return {
    token,
    header,
    payload: payload.toString(),
    reason: verdict.outcome === 'deny' ? verdict.reason : 'allowed',
    issuer: trusted.config,
    keySets: [...new Set(known.filter((text) => text !== undefined))],
    times: [...new Set([time, clock.now()])],
  };
}

/** Whether the verifier looked for the key. A denial before that does not name the issuer, or is about the algorithm. */
function reachedSignature(verdict: Verdict): boolean {
  if (verdict.outcome !== 'deny') return verdict.outcome === 'verified';
  return verdict.issuerName !== undefined && verdict.reason !== 'algorithm_not_allowed';
}
