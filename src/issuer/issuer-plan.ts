/** Prepares an issuer: makes a plan from its configuration, from which the owner of its keys is created. */
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createFetch } from './fetch/fetch.ts';
import { createIssuerConnection } from './fetch/issuer-connection.ts';
import { createIssuer, type Issuer, type IssuerEvents } from './issuer.ts';
import type { IssuerPlan } from './registry.ts';
import { createKeySource, type OnFetched } from './source/key-source.ts';

/** The dependencies of an owner of keys. */
export interface IssuerContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: FollowedFiles;
  readonly eventsOf: (issuerName: string, caFiles: readonly string[]) => OwnerEvents;
}

/** The events of an owner of keys. */
export interface OwnerEvents extends IssuerEvents {
  readonly onFetched: OnFetched;
  /** The CA files changed. The error is set if the new content is invalid. */
  readonly onTrustReload: (error: Error | undefined) => void;
}

/** Plans the owner of an issuer's keys. Nothing is fetched before it is created and started. */
export function planIssuer(issuerConfig: IssuerConfig, config: Config, context: IssuerContext): IssuerPlan {
  const { maxIssuerKeys, maxIssuerResponseSize } = config.limits;
  // These are checked for every request, so they can change without new keys.
  const { audiences, requiredScopes, requiredClaims, email, groups, ...keyConfig } = issuerConfig;
  return {
    config: issuerConfig,
    identity: JSON.stringify([keyConfig, config.keys, maxIssuerKeys, maxIssuerResponseSize]),
    create: () => createOwner(issuerConfig, config, context),
  };
}

function createOwner(issuerConfig: IssuerConfig, { keys, limits }: Config, context: IssuerContext): Issuer {
  const { clock, random, environment, files, eventsOf } = context;
  const { caFile = [], jwksFile, publicKeyFiles, name } = issuerConfig;
  const events = eventsOf(name, [caFile].flat());
  const { trusted, options } = createIssuerConnection(issuerConfig, {
    files,
    environment,
    onTrustReload: events.onTrustReload,
  });
  const fetch = createFetch({
    timeout: keys.timeout,
    maxBytes: limits.maxIssuerResponseSize,
    ...options,
    optionOf: (url) => {
      if (url === issuerConfig.jwksUri) return 'jwksUri';
      return url === issuerConfig.discoveryUri ? 'discoveryUri' : 'issuer';
    },
  });
  const source = createKeySource(issuerConfig, {
    fetch,
    readFile: files.read,
    clock,
    onFetched: events.onFetched,
  });
  const issuer = createIssuer(issuerConfig, {
    ...events,
    source,
    timing: keys,
    maxKeys: limits.maxIssuerKeys,
    clock,
    random,
  });
  const keyFiles = jwksFile === undefined ? (publicKeyFiles ?? []) : [jwksFile];
  if (keyFiles.length === 0 && trusted === undefined) return issuer;
  let following = files.follow([], () => {});
  return {
    ...issuer,
    start: () => {
      // Follow the files before they are read, so no change is missed.
      trusted?.start();
      following = files.follow(keyFiles, () => void issuer.refresh());
      issuer.start();
    },
    stop: () => {
      trusted?.stop();
      following.stop();
      issuer.stop();
    },
  };
}
