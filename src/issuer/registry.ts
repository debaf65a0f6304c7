/** The issuers in use: which of them outlive a change of the configuration, and which begin anew. */
import type { IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Issuer } from './issuer.ts';

/** An issuer as one configuration describes it, and the owner of its keys. */
export interface RegisteredIssuer {
  readonly config: IssuerConfig;
  /** Equal for configurations that an owner of keys and the tokens that it proved can be shared by. */
  readonly identity: string;
  readonly issuer: Issuer;
}

/** The issuers in use. */
export interface IssuerRegistry {
  readonly issuers: () => readonly RegisteredIssuer[];
  /**
   * Gets the issuers of the next configuration ready, those that are new or changed with their keys where these can
   * be had in time. The ones in use go on meanwhile.
   *
   * @returns puts them in the place of the ones in use
   */
  readonly prepare: (next: readonly IssuerPlan[]) => Promise<() => void>;
  readonly stop: () => void;
}

/** An issuer to be. */
export interface IssuerPlan {
  readonly config: IssuerConfig;
  /** As of {@link RegisteredIssuer}. */
  readonly identity: string;
  readonly create: () => Issuer;
}

/** How long the keys of new issuers are waited for, in milliseconds. */
const preparationTime = 5_000;

/** Makes an empty registry. */
export function createIssuerRegistry(clock: Clock): IssuerRegistry {
  let current: readonly RegisteredIssuer[] = [];
  const started = new Set<Issuer>();
  const stop = (issuer: Issuer) => {
    issuer.stop();
    started.delete(issuer);
  };
  return {
    issuers: () => current,
    prepare: async (plans) => {
      const before = new Map(current.map((entry) => [entry.identity, entry.issuer]));
      const next = plans.map(
        ({ config, identity, create }): RegisteredIssuer => ({
          config,
          identity,
          issuer: before.get(identity) ?? create(),
        }),
      );
      const fresh = next.filter(({ identity }) => !before.has(identity)).map(({ issuer }) => issuer);
      for (const issuer of fresh) {
        started.add(issuer);
        issuer.start();
      }
      if (current.length > 0) {
        const allHaveKeys = Promise.all(fresh.map(({ firstKeys }) => firstKeys)).then(() => {});
        await withDeadline(allHaveKeys, preparationTime, clock, () => {});
      }
      return () => {
        const kept = new Set(next.map(({ issuer }) => issuer));
        for (const { issuer } of current) if (!kept.has(issuer)) stop(issuer);
        // Whoever reloads may want a withdrawn key gone now.
        for (const { issuer, identity } of next) if (before.has(identity)) void issuer.refresh();
        current = next;
      };
    },
    stop: () => {
      for (const issuer of started) stop(issuer);
    },
  };
}
