/** The steps of a verification, for a trace. */
import { shown } from '../../config/values/detail-text.ts';
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import { passed, type Trace } from '../../model/trace.ts';
import type { TokenCache } from './cache.ts';
import type { JoseHeader } from './jose-header.ts';
import {
  candidates,
  type FetchResult,
  keyIdText,
  keySourceOption,
  keysText,
  type LocatedIssuer,
} from './key-details.ts';
import { algorithmObservation } from './token-details.ts';
import type { VerifiedToken } from './verified-token.ts';

/** Reads the cache without changing it, and emits the step. */
export function peekCache(
  cache: TokenCache,
  digest: string,
  now: number,
  trace: Trace,
): VerifiedToken | undefined {
  const { token, isExpired } = cache.peek(digest, now);
  const found = isExpired ? 'an entry that is older than cache.maxAge' : 'no entry';
  if (token === undefined)
    trace({ step: 'cache', result: 'info', subject: 'the token cache', found, option: 'cache' });
  return token;
}

/** Emits the step of a cached token. Its requirements are checked again. */
export function traceCached(trace: Trace, { profile, key }: VerifiedToken, isHeld: boolean): void {
  const verified = `verified by the key ${keyIdText(key.id)} (${key.algorithm}) of ${shown(profile.issuer)}`;
  trace({
    step: 'cache',
    result: 'info',
    subject: 'the token cache',
    found: isHeld ? `an entry, ${verified}` : `an entry, ${verified}, which no longer has this key`,
    option: 'cache',
  });
}

/** Emits the steps of a token that names a configured issuer. */
export function traceParsed(trace: Trace, header: JoseHeader, { config, path }: LocatedIssuer): void {
  const { algorithm, keyId, type } = header;
  passed(trace, {
    step: 'shape',
    subject: 'the token',
    expected: 'three parts of base64url',
    found: 'three',
  });
  const found = [
    `alg ${algorithm}`,
    ...(keyId === undefined ? ['no kid'] : [`kid ${shown(keyId)}`]),
    ...(typeof type === 'string' ? [`typ ${shown(type)}`] : ['no typ']),
  ];
  passed(trace, { step: 'header', subject: 'the header of the token', found: found.join(', ') });
  passed(trace, {
    step: 'issuer',
    subject: 'iss',
    expected: 'a configured issuer',
    found: shown(config.issuer),
    option: `${path}.issuer`,
  });
  passed(trace, algorithmObservation(algorithm, config, path));
}

/** Emits the keys that may have signed a token. */
export function traceKeys(
  trace: Trace,
  { keyId, algorithm }: JoseHeader,
  keys: readonly VerificationKey[],
  located: LocatedIssuer,
): void {
  trace({
    ...candidates(keyId, algorithm, keys),
    result: 'info',
    expected: keysText(located.issuer.describeKeys()),
    option: keySourceOption(located),
  });
}

/** Emits the result of the fetch for an unknown `kid`. */
export function traceFetch(trace: Trace, result: FetchResult | 'a fetch added keys'): void {
  trace({
    step: 'key',
    result: 'info',
    subject: 'the fetch of the key set for an unknown kid',
    found: result,
    option: 'keys.minRefreshInterval',
  });
}

/** Emits the step of a valid signature. */
export function traceSignature(trace: Trace, key: VerificationKey): void {
  passed(trace, {
    step: 'signature',
    subject: 'the signature',
    expected: 'valid',
    found: `valid for the key ${keyIdText(key.id)} (${key.algorithm})`,
  });
}
