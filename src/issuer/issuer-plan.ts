/** From the configuration of an issuer to the owner of its keys. */
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createTrustedCertificates } from './fetch/ca-files.ts';
import { createFetch } from './fetch/fetch.ts';
import { createIssuer, type Issuer, type IssuerEvents } from './issuer.ts';
import type { IssuerPlan } from './registry.ts';
import { createKeySource, type OnFetched } from './source/key-source.ts';

/** What an owner of keys needs of its surroundings. */
export interface IssuerSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: FollowedFiles;
  readonly eventsOf: (issuerName: string, caFiles: readonly string[]) => OwnerEvents;
}

/** What the owner of an issuer's keys tells the rest of the service. */
export interface OwnerEvents extends IssuerEvents {
  readonly onFetched: OnFetched;
  /** The files of trusted certificates have changed: why they cannot be used, or undefined where they can. */
  readonly onTrustReload: (error: Error | undefined) => void;
}

/** Plans the owner of an issuer's keys. */
export function planIssuer(
  issuerConfig: IssuerConfig,
  config: Config,
  surroundings: IssuerSurroundings,
): IssuerPlan {
  const { maxIssuerKeys, maxIssuerResponseSize } = config.limits;
  // What the tokens of an issuer must fulfil is judged on every check and may change under its keys.
  const { audiences, requiredScopes, requiredClaims, email, groups, ...lasting } = issuerConfig;
  return {
    config: issuerConfig,
    identity: JSON.stringify([lasting, config.keys, maxIssuerKeys, maxIssuerResponseSize]),
    create: () => createOwner(issuerConfig, config, surroundings),
  };
}

function createOwner(
  issuerConfig: IssuerConfig,
  { keys, limits }: Config,
  surroundings: IssuerSurroundings,
): Issuer {
  const { clock, random, environment, files, eventsOf } = surroundings;
  const { caFile, trustSystemCas, jwksFile, publicKeyFiles, httpsProxy, insecureHttp, name } = issuerConfig;
  const caFiles = caFile === undefined ? [] : [caFile].flat();
  const events = eventsOf(name, caFiles);
  const trusted =
    caFile === undefined ? undefined : createTrustedCertificates(caFiles, files, events.onTrustReload);
  const fetch = createFetch({
    timeout: keys.timeout,
    maxBytes: limits.maxIssuerResponseSize,
    insecureHttp,
    extraCa: trusted?.read,
    trustSystemCas,
    proxy: httpsProxy,
    environment,
    issuerName: name,
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
      // Followed before they are read, or a change in between would be missed.
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
