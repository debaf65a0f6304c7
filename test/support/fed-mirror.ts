/** An issuer that has its keys from their owner, as in a worker, without a process between them. */
import type { Config, IssuerConfig } from '../../src/config/declare/options.ts';
import type { Issuer } from '../../src/issuer/issuer.ts';
import { createMirroredIssuer, type MirroredIssuer } from '../../src/issuer/mirrored-issuer.ts';
import type { Clock } from '../../src/runtime/time/clock.ts';

/** Makes it, with the keys that the owner has. What it has fetched, the owner fetches and hands on. */
export function createFedMirror(
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
