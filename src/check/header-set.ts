/** The headers of one configured list: which of them a token sets, and with which values. */

import type { Config } from '../config/declare/options.ts';
import { otherSpellings } from '../config/values/header-names.ts';
import { createReadClaim } from '../credential/token/claim-path.ts';
import { claimsText, scalarText } from '../credential/token/claims.ts';
import { createIdentityClaims, type IdentityClaims } from '../credential/token/identity-claims.ts';
import type { Forwarding, HeaderList, HeaderShape, Withheld } from '../model/forwarding.ts';
import type { Claims, Identity } from '../model/identity.ts';
import { parseJson } from '../runtime/parse-json.ts';
import {
  absent,
  createWriteClaims,
  createWriteValue,
  type HeaderValue,
  headerValue,
} from './header-value.ts';

/** Maximum size of all forwarded values together, in bytes. */
const maxTotalBytes = 8 * 1024;

/** Maximum number of shapes that tokens share. Further tokens have their own. */
const maxSharedShapes = 1_000;

/** Separates the values of a token. No value has a line break. */
const separator = '\n';

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

/** The headers of a list that a token sets. */
export interface TokenHeaders {
  readonly shape: HeaderShape;
  /** The values, in one text. */
  readonly values: string;
}

/** Reads the headers of a list that a token sets. */
export type ReadHeaders = (identity: Identity, token: string) => TokenHeaders;

/**
 * Creates the reader of a list. Each configured header is either set or removed, and its other spellings are always removed.
 *
 * @param others headers that other rules set; they are removed
 * @param maxAuthorization the longest token that `setAuthorizationHeader` sets, in characters
 */
export function createReadHeaders(
  options: ForwardOptions,
  list: HeaderList,
  others: readonly string[],
  maxAuthorization: number,
): ReadHeaders {
  const { identityHeaders, outputClaimToHeaders, outputTokenToHeader, forwardOriginalToken } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.name, createIdentityClaims(issuer)]));
  const tokenOutputs =
    outputTokenToHeader === '' ? [] : [{ header: outputTokenToHeader, from: 'token' } as const];
  const outputs = [...outputClaimToHeaders, ...tokenOutputs].map((output) => ({
    header: output.header,
    isToken: output.from === 'token',
    read: createRead(output),
  }));
  const alwaysRemoved = [
    ...outputs.flatMap(({ header }) => otherSpellings(header)),
    ...others
      .filter((header) => !outputs.some((output) => output.header === header))
      .flatMap((header) => [header, ...otherSpellings(header)]),
    ...(forwardOriginalToken ? [] : ['authorization']),
  ];

  // Most tokens of an issuer have the same claims, so they share a shape.
  const shapes = new Map<string, HeaderShape>();
  const shapeOf = (read: readonly OutputOfToken[], hasAuthorization: boolean): HeaderShape => {
    const name = [hasAuthorization, ...read.map(({ isSet, causes }) => [isSet, ...causes].join('+'))].join();
    const known = shapes.get(name);
    if (known !== undefined) return known;
    const shape: HeaderShape = {
      list,
      set: [
        ...read
          .filter(({ isSet }) => isSet)
          .map(({ header, isToken }) => ({ header, from: isToken ? 'token' : 'values' }) as const),
        // The limits do not count this header, and it is never removed.
        ...(hasAuthorization ? [{ header: 'authorization', from: 'bearer' } as const] : []),
      ],
      remove: [...read.filter(({ isSet }) => !isSet).map(({ header }) => header), ...alwaysRemoved],
      withheld: read.flatMap(({ header, causes }) => causes.map((cause) => ({ header, cause }))),
    };
    if (shapes.size < maxSharedShapes) shapes.set(name, shape);
    return shape;
  };
  const nothing = outputs.map(({ header, isToken }) => ({ header, isToken, isSet: false, causes: [] }));

  return (identity, token) => {
    // If the token is too long, the client's own header stays.
    const hasAuthorization = options.setAuthorizationHeader && token.length <= maxAuthorization;
    if (identityHeaders === 'remove') return { shape: shapeOf(nothing, hasAuthorization), values: '' };
    const payload = claimsText(identity);
    const sources = {
      claims: parseJson(payload) as Claims,
      payload,
      token,
      of: issuers.get(identity.issuerName),
    };
    const values: string[] = [];
    let total = 0;
    const found = outputs.map(({ header, isToken, read }): OutputOfToken => {
      const { text, withheld } = read(sources);
      if (text === undefined) return { header, isToken, isSet: false, causes: withheld };
      if (total + text.length > maxTotalBytes)
        return { header, isToken, isSet: false, causes: [...withheld, 'total_length'] };
      total += text.length;
      if (!isToken) values.push(text);
      return { header, isToken, isSet: true, causes: withheld };
    });
    return { shape: shapeOf(found, hasAuthorization), values: values.join(separator) };
  };
}

/** Returns the header changes for a token. @param areKept whether later requests use them too */
export function forwardingOf(
  { shape: { set, remove, withheld }, values }: TokenHeaders,
  token: string,
  areKept: boolean,
): Forwarding {
  let rest = values;
  const next = () => {
    const end = rest.indexOf(separator);
    const value = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? '' : rest.slice(end + 1);
    return value;
  };
  return {
    set: set.map(({ header, from }) => [
      header,
      from === 'values' ? next() : from === 'token' ? token : `Bearer ${token}`,
    ]),
    remove,
    withheld,
    answers: areKept ? noAnswers() : undefined,
  };
}

/** No answer is prepared. */
export const noAnswers = () => ({ http: undefined, grpc: undefined });

/** An output and whether a token sets it. */
interface OutputOfToken {
  readonly header: string;
  readonly isToken: boolean;
  readonly isSet: boolean;
  readonly causes: readonly Withheld['cause'][];
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
