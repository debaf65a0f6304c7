/** From the configuration of an issuer to the owner of its keys. */
import type { Config, IssuerConfig } from '../config/options.ts';
import { watchFiles } from '../files/watch.ts';
import type { Clock } from '../time/clock.ts';
import { createFetch } from './fetch.ts';
import { createIssuer, type Issuer, type IssuerEvents } from './issuer.ts';
import type { IssuerPlan } from './registry.ts';
import { createKeySource, type OnFetched } from './source.ts';

/** What an owner of keys needs of its surroundings. */
export interface IssuerSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly eventsOf: (issuerName: string) => IssuerEvents & { readonly onFetched: OnFetched };
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
  const { clock, random, environment, readFile, eventsOf } = surroundings;
  const { caFile, trustSystemCas, jwksFile, publicKeyFiles, httpsProxy, insecureHttp, name } = issuerConfig;
  const events = eventsOf(name);
  const fetch = createFetch({
    timeout: keys.timeout,
    maxBytes: limits.maxIssuerResponseSize,
    insecureHttp,
    extraCa: caFile === undefined ? undefined : () => [caFile].flat().map(readFile).join('\n'),
    trustSystemCas,
    proxy: httpsProxy,
    environment,
  });
  const source = createKeySource(issuerConfig, { fetch, readFile, clock, onFetched: events.onFetched });
  const issuer = createIssuer(issuerConfig, {
    ...events,
    source,
    timing: keys,
    maxKeys: limits.maxIssuerKeys,
    clock,
    random,
  });
  const files = jwksFile === undefined ? (publicKeyFiles ?? []) : [jwksFile];
  return files.length === 0 ? issuer : refreshedByFiles(issuer, files, clock);
}

function refreshedByFiles(issuer: Issuer, files: readonly string[], clock: Clock): Issuer {
  let stopWatching = () => {};
  return {
    ...issuer,
    start: () => {
      issuer.start();
      stopWatching = watchFiles(files, clock, () => void issuer.refresh());
    },
    stop: () => {
      stopWatching();
      issuer.stop();
    },
  };
}
