/** Explains a request with a configuration, in this process: with the check and the keys that the service would use. */
import { createReplayStore } from '../../check/binding/used-proofs.ts';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import { readDenyList } from '../../config/load/deny-list.ts';
import type { ConfigSources } from '../../config/load/load.ts';
import { createTokenCache } from '../../credential/token/cache.ts';
import type { Issuer } from '../../issuer/issuer.ts';
import { planIssuer } from '../../issuer/issuer-plan.ts';
import { keySetRules, readKeySet } from '../../issuer/keys/read-key-set.ts';
import type { ExplainRequest, Explanation } from '../../model/explanation.ts';
import { systemFiles } from '../../runtime/files/file-snapshot.ts';
import { followFiles } from '../../runtime/files/follow.ts';
import { systemClock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { configHash } from '../../service/config-hash.ts';
import { createExplain } from '../../service/explain/explain.ts';
import { readInputFile } from '../input-file.ts';
import { singleProblem } from '../single-problem.ts';
import type { OfflineLoginParts, OfflineLogins } from './offline-logins.ts';
import { claimsOf, tokenOf } from './token-parts.ts';

/** How to explain. */
export interface OfflineOptions {
  readonly config: Config;
  readonly sources: Pick<ConfigSources, 'environment' | 'readFile'>;
  /** The time of the check, in milliseconds since the epoch. Undefined for now. */
  readonly at: number | undefined;
  /** A file with the key set of the issuer, instead of a fetch. */
  readonly jwks: string | undefined;
}

/** An explanation, and what it is based on. */
export interface OfflineExplanation {
  readonly explanation: Explanation;
  readonly configHash: string;
  /** Why the keys of the issuer could not be loaded, or why `--jwks` has no effect. */
  readonly notes: readonly string[];
}

/** The longest wait for the keys of the issuer, in milliseconds. */
const keysTimeout = 20_000;

/**
 * Explains a request. Only the keys of the issuer that the token names are loaded; for a request without a token, those of the issuers
 * that sign people in.
 *
 * @throws ConfigError if the file of `jwks` has no key set that the issuer could use
 */
export async function explainOffline(
  request: ExplainRequest,
  { config, sources, at, jwks }: OfflineOptions,
): Promise<OfflineExplanation> {
  const token = tokenOf(request);
  const iss = claimsOf(token)?.iss;
  const isNeeded = ({ issuer, login }: IssuerConfig) =>
    token === undefined ? config.login !== undefined && login !== undefined : issuer === iss;
  const isNamed = (issuer: IssuerConfig) => issuer.issuer === iss;
  const notes: string[] = [];
  if (jwks !== undefined && !config.issuers.some(isNamed))
    notes.push('--jwks is not used: the request has no token of a configured issuer');
  const used = config.issuers.map((issuer) =>
    jwks !== undefined && isNamed(issuer) ? withKeySet(issuer, config, jwks, sources.readFile) : issuer,
  );
  const owners = used.map((issuer) => ownerOf(issuer, config, sources));
  const denyListFile = config.denyList.file;
  try {
    for (const [index, { issuer, settled }] of owners.entries()) {
      const issuerConfig = used[index];
      if (issuerConfig === undefined || !isNeeded(issuerConfig)) continue;
      issuer.start();
      await withDeadline(Promise.race([issuer.firstKeys, settled]), keysTimeout, systemClock, () => {});
      const { problem, name } = issuer.status();
      if (problem !== undefined) notes.push(`issuer ${name}: its keys cannot be loaded: ${problem}`);
    }
    const issuers = used.flatMap((issuerConfig, index) => {
      const issuer = owners[index]?.issuer;
      return issuer === undefined ? [] : [{ config: issuerConfig, issuer }];
    });
    const denyList =
      denyListFile === undefined ? [] : readDenyList(sources.readFile(denyListFile), denyListFile);
    const clock = at === undefined ? systemClock : { ...systemClock, now: () => at };
    const offline =
      config.login === undefined
        ? undefined
        : await offlineLogins({ config, issuers, denyList: () => denyList, sources, clock });
    notes.push(...(offline?.notes ?? []));
    if (config.denyList.store)
      notes.push(
        'denyList.store: the entries in the store are not used here; ask the running service with --admin',
      );
    const explain = createExplain({
      config,
      issuers,
      denyList: () => denyList,
      cache: createTokenCache(config.cache),
      replays: createReplayStore(),
      clock,
      logins: offline?.logins,
    });
    try {
      return { explanation: await explain(request), configHash: configHash(config), notes };
    } finally {
      offline?.stop();
    }
  } finally {
    for (const { issuer } of owners) issuer.stop();
  }
}

/** The logins. Their code is loaded only if they are configured. */
async function offlineLogins(parts: OfflineLoginParts): Promise<OfflineLogins> {
  const { createOfflineLogins } = await import('./offline-logins.ts');
  return createOfflineLogins(parts);
}

/** The owner of an issuer's keys. `settled` resolves when the first load has failed. */
function ownerOf(
  issuer: IssuerConfig,
  config: Config,
  { environment }: OfflineOptions['sources'],
): { readonly issuer: Issuer; readonly settled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const plan = planIssuer(issuer, config, {
    clock: systemClock,
    random: () => 0,
    environment,
    files: followFiles(systemFiles, systemClock),
    eventsOf: () => ({
      onStateChange: () => resolve(),
      onProblem: () => resolve(),
      onUnusedKeys: () => {},
      onKeysChange: () => {},
      onFetched: () => {},
      onTrustReload: () => {},
    }),
  });
  return { issuer: plan.create(), settled: promise };
}

/** The issuer with its keys from a file. */
function withKeySet(
  issuer: IssuerConfig,
  { limits }: Config,
  file: string,
  readFile: (path: string) => string,
): IssuerConfig {
  const text = readInputFile(file, readFile, `flag --jwks ${file}`);
  const { jwksUri: _, discoveryUri: __, jwksFile: ___, publicKeyFiles: ____, ...others } = issuer;
  const replaced = { ...others, jwks: text } as IssuerConfig;
  try {
    readKeySet(text, keySetRules(replaced, limits.maxIssuerKeys));
  } catch (error) {
    throw singleProblem(`flag --jwks ${file}`, error instanceof Error ? error.message : String(error));
  }
  return replaced;
}
