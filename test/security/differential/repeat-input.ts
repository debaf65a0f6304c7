/** Repeats a stored input with the service's verifier and with jose, with the stored keys and time. */
import type { JSONWebKeySet } from 'jose';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { createVerifier } from '../../../src/credential/token/verifier.ts';
import { createIssuer } from '../../../src/issuer/issuer.ts';
import type { Reason } from '../../../src/model/reasons.ts';
import type { Clock } from '../../../src/runtime/time/clock.ts';
import { configOf } from '../../support/app.ts';
import { audience } from '../../support/fake-issuer.ts';
import { issuerOf } from './issuer-of.ts';
import { createJose, type JoseVerdict } from './oracles.ts';
import type { Difference } from './run.ts';

/** The two verdicts of a repetition. */
export interface Repetition {
  readonly reason: Reason;
  readonly jose: JoseVerdict;
}

/** Repeats the input once for each of its key sets. */
export async function judgeAgain({ token, configuration, keySets, now }: Difference): Promise<Repetition[]> {
  const config = await configOf(configuration);
  const clock: Clock = { now: () => now, monotonic: () => 0, after: () => () => {} };
  const nothing = () => {};
  const judgeWith = async (published: Readonly<Record<string, JSONWebKeySet>>): Promise<Repetition> => {
    const issuers = config.issuers.map((one) => {
      const load = async (_: boolean, use: (text: string) => void) => {
        use(JSON.stringify(published[one.issuer]));
        return undefined;
      };
      const issuer = createIssuer(one, {
        source: { load, rediscover: nothing, warning: () => undefined, login: () => undefined },
        timing: config.keys,
        maxKeys: config.limits.maxIssuerKeys,
        clock,
        random: () => 0.5,
        onProblem: nothing,
        onStateChange: nothing,
        onUnusedKeys: nothing,
        onKeysChange: nothing,
      });
      issuer.start();
      return { config: one, issuer };
    });
    await Promise.all(issuers.map(({ issuer }) => issuer.firstKeys));
    const verify = createVerifier({
      issuers,
      denyList: () => [],
      cache: createTokenCache({ ...config.cache, maxEntries: 0 }),
      limits: config.limits,
      clock,
      onLookup: nothing,
    });
    const verdict = await verify(token);
    const named = config.issuers.find(({ issuer }) => issuer === issuerOf(token)) ?? config.issuers[0];
    const jwks = published[named?.issuer ?? ''];
    if (named === undefined || jwks === undefined) throw new TypeError('the input has no key set');
    const jose = createJose({ ...named, audience, jwks, isUnnamed: named.publicKeyFiles !== undefined });
    return {
      reason: verdict.outcome === 'verified' ? 'allowed' : verdict.reason,
      jose: await jose(token, now),
    };
  };
  return Promise.all(keySets.map(judgeWith));
}
