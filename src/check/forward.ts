/** What a verified token becomes for the upstream: which headers are set, and which a client must not supply. */

import { otherSpellings } from '../config/header-names.ts';
import type { Config, IssuerConfig } from '../config/options.ts';
import { findClaim, readClaims, scalarText } from '../token/claims.ts';
import { emailOf, groupsOf } from '../token/identity-claims.ts';
import type { Claims, Forwarding, Identity, Withheld, WithheldCause } from './types.ts';

/** Longest forwarded value, and all of them together, in bytes. */
const maxValueBytes = 4 * 1024;
const maxTotalBytes = 8 * 1024;

/** Most lists of removals that are shared; beyond them, each token has its own. */
const maxSharedLists = 1_000;

/** Which headers are forwarded. */
export type ForwardOptions = Pick<
  Config,
  | 'issuers'
  | 'identityHeaders'
  | 'outputClaimToHeaders'
  | 'outputTokenToHeader'
  | 'forwardOriginalToken'
  | 'setAuthorizationHeader'
>;

/** Says what becomes of the headers of a request that bears a verified token. */
export type Forward = (identity: Identity, token: string) => Forwarding;

/** A claim as header value, or why it is none; nothing where it is absent. */
type Value = { readonly text?: string; readonly withheld: readonly WithheldCause[] };

/**
 * Makes the forwarder. Every configured header ends in exactly one of two lists, set or removed, and its other
 * spellings are removed always. What it says of an identity is remembered for as long as the identity is.
 *
 * @param others headers that other rules set, which a client must not supply here either
 */
export function createForward(options: ForwardOptions, others: readonly string[] = []): Forward {
  const { identityHeaders, outputClaimToHeaders, outputTokenToHeader, forwardOriginalToken } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.name, issuer]));
  const tokened = outputTokenToHeader === '' ? [] : [{ header: outputTokenToHeader, from: 'token' } as const];
  const outputs = [...outputClaimToHeaders, ...tokened].map((output) => ({
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

  /** Not counted and never removed: where it does not fit, the request has it already. */
  const authorizationOf = (token: string): [string, string][] =>
    options.setAuthorizationHeader && token.length <= maxValueBytes
      ? [['authorization', `Bearer ${token}`]]
      : [];

  const make: Forward = (identity, token) => {
    if (identityHeaders === 'remove')
      return { ...removeAll, set: authorizationOf(token), answers: unanswered() };
    const claims = readClaims(identity.payload);
    const issuer = issuers.get(identity.issuerName);
    const set: [string, string][] = [];
    const remove: string[] = [];
    const withheld: Withheld[] = [];
    let total = 0;
    for (const { header, read } of outputs) {
      const value = read(claims, token, issuer);
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
    return { set, remove: listOf(remove), withheld, answers: unanswered() };
  };

  // Most tokens of an issuer have the same claims, and so the same removals: one list for all of them.
  const lists = new Map<string, readonly string[]>();
  const listOf = (absent: readonly string[]): readonly string[] => {
    const name = absent.join();
    const list = lists.get(name) ?? [...absent, ...alwaysRemoved];
    if (lists.size < maxSharedLists) lists.set(name, list);
    return list;
  };

  return (identity, token) => {
    const { kept } = identity;
    if (kept.forwarding !== undefined && kept.by === make) return kept.forwarding;
    const known = kept.others?.get(make);
    if (known !== undefined) return known;
    const forwarding = make(identity, token);
    if (kept.forwarding === undefined) {
      kept.by = make;
      kept.forwarding = forwarding;
    } else {
      kept.others ??= new WeakMap();
      kept.others.set(make, forwarding);
    }
    return forwarding;
  };
}

/** What a header carries of a token. */
type Read = (claims: Claims, token: string, issuer: IssuerConfig | undefined) => Value;

function createRead({ claim, from }: Partial<Config['outputClaimToHeaders'][number]>): Read {
  switch (from) {
    case 'email':
      return (claims, _, issuer) =>
        issuer === undefined ? absent : claimValue(emailOf(claims, issuer.email));
    case 'groups':
      return (claims, _, issuer) =>
        issuer === undefined ? absent : claimValue(groupsOf(claims, issuer.groups));
    case 'token':
      return (_, token) => headerValue(token);
    default:
      return (claims) => (claim === undefined ? absent : claimValue(findClaim(claims, claim)));
  }
}

/** What is forwarded of nobody: every header is removed. */
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
    answers: unanswered(),
  };
}

const unanswered = () => ({ http: undefined, grpc: undefined });

const absent: Value = { withheld: [] };

/** The text that a header carries of a claim; undefined where there is none that it can carry. */
export function claimText(claim: unknown): string | undefined {
  return claimValue(claim).text;
}

/** A claim as text: a string is itself, a number or boolean its text, a list of those is joined with commas. */
function claimValue(claim: unknown): Value {
  if (claim === undefined || claim === null) return absent;
  if (!Array.isArray(claim)) {
    const text = scalarText(claim);
    return text === undefined ? { withheld: ['type'] } : headerValue(text);
  }
  const causes = new Set<WithheldCause>();
  const members: string[] = [];
  for (const member of claim) {
    const text = scalarText(member);
    if (text === undefined) causes.add('type');
    else if (text.includes(',')) causes.add('comma');
    else members.push(text);
  }
  const joined = headerValue(members.join(','));
  return { ...joined, withheld: [...causes, ...joined.withheld] };
}

/** A text if it can be a header's value as it is; never a part of it, for that would be another identity. */
function headerValue(text: string): Value {
  if (text === '') return absent;
  if (text.length > maxValueBytes) return { withheld: ['length'] };
  // White space at the ends would not survive the way.
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)
    ? { text, withheld: [] }
    : { withheld: ['characters'] };
}
