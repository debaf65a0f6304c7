/** The header changes for the upstream request: identity headers to set, and client headers to remove. */

import type { Config } from '../config/declare/options.ts';
import { otherSpellings } from '../config/values/header-names.ts';
import { createReadClaim } from '../credential/token/claim-path.ts';
import { readClaims, scalarText } from '../credential/token/claims.ts';
import { createIdentityClaims, type IdentityClaims } from '../credential/token/identity-claims.ts';
import type { Forwarding, Withheld } from '../model/forwarding.ts';
import type { Claims, Identity } from '../model/identity.ts';
import {
  absent,
  createWriteClaims,
  createWriteValue,
  type HeaderValue,
  headerValue,
  maxValueBytes,
} from './header-value.ts';

/** Maximum size of all forwarded values together, in bytes. */
const maxTotalBytes = 8 * 1024;

/** Maximum number of lists of removals that tokens share. Further tokens have their own list. */
const maxSharedLists = 1_000;

/** The options that decide which headers are forwarded. */
export type ForwardOptions = Pick<
  Config,
  | 'issuers'
  | 'identityHeaders'
  | 'outputClaimToHeaders'
  | 'outputTokenToHeader'
  | 'forwardOriginalToken'
  | 'setAuthorizationHeader'
>;

/** Returns the header changes for a request with a verified token. */
export type Forward = (identity: Identity, token: string) => Forwarding;

/**
 * Creates the forwarder. Each configured header is either set or removed, and its other spellings are always removed. The result is
 * cached in the identity.
 *
 * @param others headers that other rules set; they are removed
 * @param maxAuthorization the longest token that `setAuthorizationHeader` sets, in characters
 */
export function createForward(
  options: ForwardOptions,
  others: readonly string[] = [],
  maxAuthorization = maxValueBytes,
): Forward {
  const { identityHeaders, outputClaimToHeaders, outputTokenToHeader, forwardOriginalToken } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.name, createIdentityClaims(issuer)]));
  const tokenOutputs =
    outputTokenToHeader === '' ? [] : [{ header: outputTokenToHeader, from: 'token' } as const];
  const outputs = [...outputClaimToHeaders, ...tokenOutputs].map((output) => ({
    header: output.header,
    read: createRead(output),
  }));
  const alwaysRemoved = [
    ...outputs.flatMap(({ header }) => otherSpellings(header)),
    ...others
      .filter((header) => !outputs.some((output) => output.header === header))
      .flatMap((header) => [header, ...otherSpellings(header)]),
    ...(forwardOriginalToken ? [] : ['authorization']),
  ];
  const removeAll = {
    remove: [...outputs.map(({ header }) => header), ...alwaysRemoved],
    withheld: [],
  };

  /** The limits do not count this header, and it is never removed. If the token is too long, the client's own header stays. */
  const authorizationOf = (token: string): [string, string][] =>
    options.setAuthorizationHeader && token.length <= maxAuthorization
      ? [['authorization', `Bearer ${token}`]]
      : [];

  const make: Forward = (identity, token) => {
    if (identityHeaders === 'remove')
      return { ...removeAll, set: authorizationOf(token), answers: noAnswers() };
    const { payload } = identity;
    const facts = { claims: readClaims(payload), payload, token, of: issuers.get(identity.issuerName) };
    const set: [string, string][] = [];
    const remove: string[] = [];
    const withheld: Withheld[] = [];
    let total = 0;
    for (const { header, read } of outputs) {
      const value = read(facts);
      withheld.push(...value.withheld.map((cause) => ({ header, cause })));
      const fits = value.text !== undefined && total + value.text.length <= maxTotalBytes;
      if (value.text !== undefined && fits) {
        set.push([header, value.text]);
        total += value.text.length;
      } else {
        remove.push(header);
        if (value.text !== undefined) withheld.push({ header, cause: 'total_length' });
      }
    }
    set.push(...authorizationOf(token));
    return { set, remove: listOf(remove), withheld, answers: noAnswers() };
  };

  // Most tokens of an issuer have the same claims and the same removals, so they share a list.
  const lists = new Map<string, readonly string[]>();
  const listOf = (absent: readonly string[]): readonly string[] => {
    const name = absent.join();
    const list = lists.get(name) ?? [...absent, ...alwaysRemoved];
    if (lists.size < maxSharedLists) lists.set(name, list);
    return list;
  };

  return (identity, token) => {
    const { forwardingCache: cache } = identity;
    if (cache.forwarding !== undefined && cache.owner === make) return cache.forwarding;
    const cached = cache.byOwner?.get(make);
    if (cached !== undefined) return cached;
    const forwarding = make(identity, token);
    if (cache.forwarding === undefined) {
      cache.owner = make;
      cache.forwarding = forwarding;
    } else {
      cache.byOwner ??= new WeakMap();
      cache.byOwner.set(make, forwarding);
    }
    return forwarding;
  };
}

/**
 * Creates the forwarder of sessions. With a token to forward, it replaces the authorization header; without one, it removes the header,
 * because a client's own token must not be treated as that of the session.
 *
 * @param token empty if the login forwards none
 */
export function createSessionForward(options: ForwardOptions, others: readonly string[]): Forward {
  const withToken = createForward(
    { ...options, setAuthorizationHeader: true, forwardOriginalToken: true },
    others,
    // A session fits into three cookies, so its token is not longer.
    Number.POSITIVE_INFINITY,
  );
  const without = createForward(
    { ...options, setAuthorizationHeader: false, forwardOriginalToken: false },
    others,
  );
  return (identity, token) => (token === '' ? without : withToken)(identity, token);
}

/** The sources of header values. */
interface Sources {
  readonly claims: Claims;
  readonly payload: string;
  readonly token: string;
  /** Undefined if the issuer is no longer configured. */
  readonly of: IdentityClaims | undefined;
}

/** Reads the value of a header. */
type Read = (sources: Sources) => HeaderValue;

function createRead({
  claim,
  from,
  encoding,
  separator,
}: Partial<Config['outputClaimToHeaders'][number]>): Read {
  const write = createWriteValue(encoding, separator);
  switch (from) {
    case 'email':
      return ({ claims, of }) => write(of?.email(claims));
    case 'groups':
      return encoding === 'json' || encoding === 'base64url'
        ? ({ claims, payload, of }) => writeList(of?.groups(claims, payload), write)
        : ({ claims, payload, of }) => write(of?.groups(claims, payload));
    case 'token':
      return ({ token }) => headerValue(token);
    case 'claims': {
      const writeClaims = createWriteClaims(encoding);
      return ({ payload }) => writeClaims(payload);
    }
    default: {
      const read = claim === undefined ? undefined : createReadClaim(claim);
      return read === undefined ? () => absent : ({ claims }) => write(read(claims));
    }
  }
}

/** Encoded groups are always a list, because a single group could be a string that looks like a list. */
function writeList(groups: unknown, write: (list: unknown) => HeaderValue): HeaderValue {
  if (groups === undefined) return absent;
  const all = [groups].flat();
  const list = all.filter((group) => scalarText(group) !== undefined);
  const value = write(list);
  return list.length < all.length ? { ...value, withheld: ['type', ...value.withheld] } : value;
}

/** The header changes without an identity: every identity header is removed. */
export function forwardNothing(options: ForwardOptions, others: readonly string[]): Forwarding {
  const { outputClaimToHeaders, outputTokenToHeader, forwardOriginalToken } = options;
  const headers = new Set([
    ...outputClaimToHeaders.map(({ header }) => header),
    ...(outputTokenToHeader === '' ? [] : [outputTokenToHeader]),
    ...others,
  ]);
  return {
    set: [],
    remove: [
      ...[...headers].flatMap((header) => [header, ...otherSpellings(header)]),
      ...(forwardOriginalToken ? [] : ['authorization']),
    ],
    withheld: [],
    answers: noAnswers(),
  };
}

const noAnswers = () => ({ http: undefined, grpc: undefined });

const writePlain = createWriteValue();

/** The text of a claim in a header; undefined if it cannot be forwarded. */
export function claimText(claim: unknown): string | undefined {
  return writePlain(claim).text;
}
