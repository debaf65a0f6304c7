/** The issuers in use. A reload keeps the unchanged ones with their keys, and starts new or changed ones. */
import type { IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Issuer } from './issuer.ts';

/** An issuer's configuration, and the owner of its keys. */
export interface RegisteredIssuer {
  readonly config: IssuerConfig;
  /** Equal for two configurations that can share keys and cached tokens. */
  readonly identity: string;
  readonly issuer: Issuer;
}

/** The issuers in use. */
export interface IssuerRegistry {
  readonly issuers: () => readonly RegisteredIssuer[];
  /**
   * Prepares the issuers of the next configuration. Waits up to 5 s for the keys of new or changed ones; the current
   * issuers stay in use meanwhile.
   *
   * @returns a function that switches to the prepared issuers
   */
  readonly prepare: (next: readonly IssuerPlan[]) => Promise<() => void>;
  readonly stop: () => void;
}

/** An issuer of the next configuration. */
export interface IssuerPlan {
  readonly config: IssuerConfig;
  /** See {@link RegisteredIssuer}. */
  readonly identity: string;
  readonly create: () => Issuer;
}

/** The longest wait for the keys of new issuers, in milliseconds. */
const preparationTime = 5_000;

/** Creates an empty registry. */
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
        const unchanged = new Set(next.map(({ issuer }) => issuer));
        for (const { issuer } of current) if (!unchanged.has(issuer)) stop(issuer);
        // The operator may reload to remove a withdrawn key now.
        for (const { issuer, identity } of next) if (before.has(identity)) void issuer.refresh();
        current = next;
      };
    },
    stop: () => {
      for (const issuer of started) stop(issuer);
    },
  };
}
