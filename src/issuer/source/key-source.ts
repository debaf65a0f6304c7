/** Where the text of an issuer's key set comes from: its own endpoints, a file, or the configuration. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Fetch } from '../fetch/fetch.ts';
import { notJson } from '../fetch/fetch-problems.ts';
import { keySetOfPem } from '../keys/pem.ts';
import { discover, wellKnownUrl } from './discovery.ts';

/** The kinds of fetch, as the metric names them. */
export type FetchKind = 'discovery' | 'jwks';

/** Tells how a fetch ended, the use of what it brought included. */
export type OnFetched = (kind: FetchKind, error: Error | undefined) => void;

/** Where key sets come from. */
export interface KeySource {
  /**
   * Gets the key set and has it used; rejects with an Error that says what went wrong with either.
   *
   * @param isForced whether a token asked for it, which must not cause more than the one fetch
   * @param use takes the text of the key set; throws if it is no good
   * @returns how long the set may be used without asking again, in milliseconds; undefined if it did not say
   */
  readonly load: (isForced: boolean, use: (text: string) => void) => Promise<number | undefined>;
  /** Has the place of the key set found anew by the next load, on another host too. */
  readonly rediscover: () => void;
  /** What is wrong although keys may still be had; undefined if nothing is. */
  readonly concern: () => Concern | undefined;
}

/** What is wrong with the way to the keys, while the one that is known serves on. */
export interface Concern {
  readonly message: string;
  /** Whether the document names the key set on another host than before, which is refused. */
  readonly isMove: boolean;
}

/** What a source needs of its surroundings. */
export interface SourceDependencies {
  readonly fetch: Fetch;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  readonly onFetched: OnFetched;
}

/** How long a discovery document is relied upon, in milliseconds. */
const discoveryInterval = 60 * 60 * 1000;

/** How long it is relied upon while the key set that it names cannot be had. */
const rediscoveryInterval = 60 * 1000;

/** Makes the source that the configuration of an issuer describes. */
export function createKeySource(config: IssuerConfig, dependencies: SourceDependencies): KeySource {
  const { jwks, jwksFile, publicKeyFiles, jwksUri } = config;
  const { fetch, readFile, onFetched } = dependencies;
  if (jwks !== undefined) return localSource(() => jwks, onFetched);
  if (jwksFile !== undefined) return localSource(() => readFile(jwksFile), onFetched);
  if (publicKeyFiles !== undefined)
    return localSource(() => keySetOfPem(publicKeyFiles.map(readFile)), onFetched);
  if (jwksUri === undefined) return discoveredSource(config, dependencies);
  return {
    load: (_, use) => observed('jwks', fetchKeySet(fetch, jwksUri, use), onFetched),
    rediscover: () => {},
    concern: () => undefined,
  };
}

function localSource(read: () => string, onFetched: OnFetched): KeySource {
  const load = async (use: (text: string) => void) => {
    use(read());
    return undefined;
  };
  return {
    load: (_, use) => observed('jwks', load(use), onFetched),
    rediscover: () => {},
    concern: () => undefined,
  };
}

function discoveredSource(
  { issuer, discoveryUri }: IssuerConfig,
  dependencies: SourceDependencies,
): KeySource {
  const { fetch, clock, onFetched } = dependencies;
  const documentUrl = discoveryUri ?? wellKnownUrl(issuer);
  let place: { readonly jwksUri: string; readonly found: number } | undefined;
  let isFailing = false;
  let mayMove = true;
  let concern: Concern | undefined;

  const discoverPlace = async (): Promise<string> => {
    const { jwksUri } = await discover(issuer, documentUrl, fetch);
    if (place !== undefined && !mayMove) refuseMove(place.jwksUri, jwksUri);
    place = { jwksUri, found: clock.monotonic() };
    mayMove = false;
    concern = undefined;
    return jwksUri;
  };
  /** The place that is known serves on, but nobody may stay unaware of why no other was found. */
  const stay = (jwksUri: string, error: unknown): string => {
    const isMove = error instanceof MovedError;
    const message = error instanceof Error ? error.message : String(error);
    concern = {
      isMove,
      message: isMove ? message : `${message}; keys are still fetched from ${new URL(jwksUri).host}`,
    };
    return jwksUri;
  };

  const locate = async (isForced: boolean): Promise<string> => {
    if (place === undefined) return observed('discovery', discoverPlace(), onFetched);
    const { jwksUri, found } = place;
    const isFresh =
      !mayMove && clock.monotonic() - found < (isFailing ? rediscoveryInterval : discoveryInterval);
    if (isFresh || isForced) return jwksUri;
    return observed('discovery', discoverPlace(), onFetched).catch((error) => stay(jwksUri, error));
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
    concern: () => concern,
  };
}

/** The document names the key set on another host than before. */
class MovedError extends Error {}

/** Another host for the keys is a decision of the operator, not of a document that may have been tampered with. */
function refuseMove(from: string, to: string): void {
  if (new URL(from).host === new URL(to).host) return;
  const [before, now] = [new URL(from).host, new URL(to).host];
  throw new MovedError(
    `the jwks_uri moved from ${before} to ${now}, which is refused: keys are still fetched from ${before}. If the move is meant, reload the configuration (SIGHUP, or a restart), or set \`jwksUri: ${to}\``,
  );
}

/** @param from the URL of the document that named it; undefined where the configuration did */
async function fetchKeySet(fetch: Fetch, jwksUri: string, use: (text: string) => void, from?: string) {
  const { body, headers } = await fetch(jwksUri, from);
  if (/^\s*(<|$)/.test(body))
    throw new Error(`${jwksUri} answers with no key set: ${notJson(body)}; check \`jwksUri\``);
  use(body);
  return maxAgeOf(headers['cache-control'] ?? '');
}

/** The lifetime that Cache-Control gives (RFC 9111 section 5.2.2), in milliseconds. */
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
