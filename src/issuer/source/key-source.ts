/** Loads the key set of an issuer from its endpoints, a file or the configuration. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Fetch } from '../fetch/fetch.ts';
import { notJson } from '../fetch/fetch-problems.ts';
import { keySetOfPem } from '../keys/pem.ts';
import { discover, wellKnownUrl } from './discovery.ts';
import { createLoginEndpoints, type LoginEndpoints, type LoginMetadataState } from './login-endpoints.ts';

/** The kinds of fetch, as the metric names them. */
export type FetchKind = 'discovery' | 'jwks';

/** Called with the result of a fetch. A key set that cannot be used is an error too. */
export type OnFetched = (kind: FetchKind, error: Error | undefined) => void;

/** Loads key sets. */
export interface KeySource {
  /**
   * Loads the key set and uses it. Rejects with an Error that explains the failure.
   *
   * @param isForced whether a token caused the load; it then makes at most one fetch.
   * @param use receives the text of the key set; throws if the key set cannot be used.
   * @returns how long the key set is fresh, in milliseconds; undefined if the response does not say
   */
  readonly load: (isForced: boolean, use: (text: string) => void) => Promise<number | undefined>;
  /** Makes the next load repeat discovery, and accept another host for the key set. */
  readonly rediscover: () => void;
  /** A problem of a source that can still fetch keys; undefined without a problem. */
  readonly warning: () => SourceWarning | undefined;
  /** The metadata for logins; undefined if the issuer does not sign people in. */
  readonly login: () => LoginMetadataState | undefined;
}

/** A problem of discovery, while the known address of the key set stays in use. */
export interface SourceWarning {
  readonly message: string;
  /** Whether the document names the key set on another host than before, which is rejected. */
  readonly isMove: boolean;
}

/** The dependencies of a source. */
export interface SourceDependencies {
  readonly fetch: Fetch;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  readonly onFetched: OnFetched;
}

/** How long a discovery document is fresh, in milliseconds. */
const discoveryInterval = 60 * 60 * 1000;

/** How long it is fresh while its key set cannot be fetched, in milliseconds. */
const rediscoveryInterval = 60 * 1000;

/** Creates the source that an issuer's configuration describes. */
export function createKeySource(config: IssuerConfig, dependencies: SourceDependencies): KeySource {
  const { jwks, jwksFile, publicKeyFiles, jwksUri } = config;
  const { fetch, readFile, onFetched } = dependencies;
  const login = createLoginEndpoints(config);
  const fixedSource = (load: (use: (text: string) => void) => Promise<number | undefined>): KeySource => ({
    load: (_, use) => observed('jwks', load(use), onFetched),
    rediscover: () => {},
    warning: () => undefined,
    login: () => login?.state(),
  });
  const localSource = (read: () => string) =>
    fixedSource(async (use) => {
      use(read());
      return undefined;
    });
  if (jwks !== undefined) return localSource(() => jwks);
  if (jwksFile !== undefined) return localSource(() => readFile(jwksFile));
  if (publicKeyFiles !== undefined) return localSource(() => keySetOfPem(publicKeyFiles.map(readFile)));
  if (jwksUri === undefined) return discoveredSource(config, login, dependencies);
  return fixedSource((use) => fetchKeySet(fetch, jwksUri, use));
}

function discoveredSource(
  { issuer, discoveryUri }: IssuerConfig,
  login: LoginEndpoints | undefined,
  dependencies: SourceDependencies,
): KeySource {
  const { fetch, clock, onFetched } = dependencies;
  const documentUrl = discoveryUri ?? wellKnownUrl(issuer);
  let known: { readonly jwksUri: string; readonly foundAt: number } | undefined;
  let isFailing = false;
  let mayMove = true;
  let warning: SourceWarning | undefined;

  const discoverJwksUri = async (): Promise<string> => {
    const { jwksUri, document } = await discover(issuer, documentUrl, fetch);
    if (known !== undefined && !mayMove) rejectMove(known.jwksUri, jwksUri);
    login?.update(document, known === undefined || mayMove);
    known = { jwksUri, foundAt: clock.monotonic() };
    mayMove = false;
    warning = undefined;
    return jwksUri;
  };
  const keepKnown = (jwksUri: string, error: unknown): string => {
    const isMove = error instanceof MovedError;
    const message = error instanceof Error ? error.message : String(error);
    warning = {
      isMove,
      message: isMove ? message : `${message}; keys are still fetched from ${new URL(jwksUri).host}`,
    };
    return jwksUri;
  };

  const locate = async (isForced: boolean): Promise<string> => {
    if (known === undefined) return observed('discovery', discoverJwksUri(), onFetched);
    const { jwksUri, foundAt } = known;
    const isFresh =
      !mayMove && clock.monotonic() - foundAt < (isFailing ? rediscoveryInterval : discoveryInterval);
    if (isFresh || isForced) return jwksUri;
    return observed('discovery', discoverJwksUri(), onFetched).catch((error) => keepKnown(jwksUri, error));
  };

  return {
    load: async (isForced, use) => {
      const jwksUri = await locate(isForced);
      isFailing = true;
      const maxAge = await observed('jwks', fetchKeySet(fetch, jwksUri, use, documentUrl), onFetched);
      isFailing = false;
      return maxAge;
    },
    rediscover: () => {
      mayMove = true;
    },
    warning: () => warning,
    login: () => login?.state(),
  };
}

/** The document names the key set on another host than before. */
class MovedError extends Error {}

/** Only the operator may move the key set to another host; an attacker may have changed the document. */
function rejectMove(from: string, to: string): void {
  if (new URL(from).host === new URL(to).host) return;
  const [before, now] = [new URL(from).host, new URL(to).host];
  throw new MovedError(
    `the jwks_uri moved from ${before} to ${now}, which is rejected: keys are still fetched from ${before}. If the move is intended, reload the configuration (SIGHUP, or a restart), or set \`jwksUri: ${to}\``,
  );
}

/** @param from the URL of the document that named it; undefined if the configuration names it */
async function fetchKeySet(fetch: Fetch, jwksUri: string, use: (text: string) => void, from?: string) {
  const { body, headers } = await fetch(jwksUri, from);
  if (/^\s*(<|$)/.test(body))
    throw new Error(`${jwksUri} does not return a key set: ${notJson(body)}; check \`jwksUri\``);
  use(body);
  return maxAgeOf(headers['cache-control'] ?? '');
}

/** The lifetime in Cache-Control (RFC 9111 section 5.2.2), in milliseconds. */
function maxAgeOf(cacheControl: string): number | undefined {
  if (/\bno-(cache|store)\b/i.test(cacheControl)) return undefined;
  const [, seconds] = /\bmax-age="?(\d{1,10})/i.exec(cacheControl) ?? [];
  return seconds === undefined || Number(seconds) === 0 ? undefined : Number(seconds) * 1000;
}

async function observed<T>(kind: FetchKind, fetching: Promise<T>, onFetched: OnFetched): Promise<T> {
  try {
    const result = await fetching;
    onFetched(kind, undefined);
    return result;
  } catch (error) {
    onFetched(kind, error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
