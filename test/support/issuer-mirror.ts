/** A mirrored issuer, as in a worker, in the same process as the owner of its keys. */
import type { Config, IssuerConfig } from '../../src/config/declare/options.ts';
import type { Issuer } from '../../src/issuer/issuer.ts';
import { createMirroredIssuer, type MirroredIssuer } from '../../src/issuer/mirrored-issuer.ts';
import type { Clock } from '../../src/runtime/time/clock.ts';

/** Creates a mirror with the keys of an owner. Its fetches go to the owner. */
export function createIssuerMirror(
  owner: Pick<Issuer, 'fetchForUnknownKey' | 'snapshot'>,
  issuerConfig: IssuerConfig,
  config: Config,
  clock: Clock,
): MirroredIssuer {
  const mirror: MirroredIssuer = createMirroredIssuer({
    config: issuerConfig,
    timing: config.keys,
    maxKeys: config.limits.maxIssuerKeys,
    clock,
    fetch: async (keyId) => {
      const fetching = owner.fetchForUnknownKey(keyId);
      await fetching;
      mirror.update(owner.snapshot());
      return fetching !== undefined;
    },
  });
  mirror.update(owner.snapshot());
  return mirror;
}
