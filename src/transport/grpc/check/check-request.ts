/** Reads Envoy's envoy.service.auth.v3.CheckRequest. Decodes only what a check needs, because most headers are not used. */
import type { CheckRequest } from '../../../model/check-request.ts';
import { sessionHeaders } from '../../shared/session-headers.ts';
import type { FieldSelection } from '../message/field-filter.ts';
import {
  type FieldCursor,
  fieldsOf,
  fieldsWithin,
  isBytesField,
  moveWithin,
  nextField,
  textOf,
} from '../message/protobuf.ts';
import {
  type HeaderIndex,
  type Headers,
  hostHeaders,
  hostOf,
  indexHeaders,
  linesNamed,
  linesOf,
  listHeaders,
  listOf,
  toBytes,
  valuesOf,
} from './request-headers.ts';

/** The numbers of the fields, as `protos/external_auth.proto` has them. */
const inCheck = { attributes: 1 } as const;
const inAttributes = { source: 1, request: 4, contextExtensions: 10 } as const;
const inPeer = { address: 1, principal: 4, certificate: 5 } as const;
const inAddress = { socket: 1, pipe: 2, internal: 3 } as const;
const addressOfSocket = 2;
const inRequest = { http: 2 } as const;
const inHttp = { method: 2, headers: 3, path: 4, host: 5, body: 11, rawBody: 12, headerMap: 13 } as const;
const headersOfHeaderMap = 1;
const inMapEntry = { key: 1, value: 2 } as const;
const policyName = 'policy';
const inHeader = { key: 1, value: 2, rawValue: 3 } as const;

/** The fields that the functions below read. They are stored when a message arrives in chunks. */
export const checkRequestFields: FieldSelection = {
  stored: [],
  nested: {
    [inCheck.attributes]: {
      stored: [inAttributes.source, inAttributes.contextExtensions],
      nested: {
        [inAttributes.request]: {
          stored: [],
          nested: {
            [inRequest.http]: {
              stored: [inHttp.method, inHttp.headers, inHttp.path, inHttp.host, inHttp.headerMap],
              bulk: [inHttp.body, inHttp.rawBody],
              nested: {},
            },
          },
        },
      },
    },
  },
};

/** The headers that every check reads. */
const usedHeaders = ['authorization', 'dpop', 'x-request-id', 'x-forwarded-client-cert', ...hostHeaders];
const ofTokens = namesWithBytes(...usedHeaders);
const ofSessions = namesWithBytes(...usedHeaders, ...sessionHeaders);

type NameWithBytes = readonly [name: string, bytes: Buffer];

/** Names by their length, because most headers have another length. */
type Names = readonly (readonly NameWithBytes[] | undefined)[];

/** The values found so far. */
interface Found extends Headers {
  method: string;
  host: string;
  path: string;
  peerCertificate: string;
  address: string;
  principal: string;
  policy: string;
  /** The headers to find; undefined for all. */
  readonly wanted: Names | undefined;
}

/**
 * Reads a message. Without HTTP attributes, the request has no headers and no token.
 *
 * @param isForSessions whether the check looks for a session, so that its headers are found in the same pass
 * @throws MalformedMessage if the bytes are not a valid message
 */
export function readCheckRequest(bytes: Buffer, isForSessions = false): CheckRequest {
  const found = readAttributes(bytes, isForSessions ? ofSessions : ofTokens);
  const { method, host, path, peerCertificate, address, principal, policy } = found;
  const headers = listHeaders(found);
  let all: HeaderIndex | undefined;
  const index = () => {
    all ??= indexHeaders(readAttributes(bytes, undefined));
    return all;
  };
  const header = (name: string): readonly string[] =>
    isForSessions && sessionHeaders.has(name)
      ? valuesOf(bytes, headers, name)
      : linesNamed(bytes, index(), name);
  return {
    method,
    host: hostOf(bytes, host, headers),
    path,
    authorization: valuesOf(bytes, headers, 'authorization'),
    dpop: valuesOf(bytes, headers, 'dpop'),
    forwardedClientCert: listOf(bytes, headers, 'x-forwarded-client-cert'),
    peerCertificate,
    source: { address, principal },
    policy,
    original: () => ({
      target: toBytes(path),
      headers: [['host', toBytes(host)], ...linesOf(bytes, index())],
    }),
    requestId: valuesOf(bytes, headers, 'x-request-id').find((value) => value !== '') ?? '',
    header,
  };
}

function namesWithBytes(...names: readonly string[]): Names {
  const longest = Math.max(...names.map(({ length }) => length));
  return Array.from({ length: longest + 1 }, (_, length) =>
    names.filter((name) => name.length === length).map((name) => [name, Buffer.from(name)] as const),
  );
}

function readAttributes(bytes: Buffer, wanted: Found['wanted']): Found {
  const found: Found = {
    method: '',
    host: '',
    path: '',
    peerCertificate: '',
    address: '',
    principal: '',
    policy: '',
    joined: new Map(),
    raw: [],
    wanted,
  };
  const check = fieldsOf(bytes);
  while (nextField(check)) {
    if (!isBytesField(check, inCheck.attributes)) continue;
    const attributes = fieldsWithin(check);
    while (nextField(attributes)) {
      if (isBytesField(attributes, inAttributes.source)) readPeer(fieldsWithin(attributes), found);
      else if (isBytesField(attributes, inAttributes.request)) readRequest(fieldsWithin(attributes), found);
      else if (isBytesField(attributes, inAttributes.contextExtensions))
        readExtension(fieldsWithin(attributes), found);
    }
  }
  return found;
}

function readPeer(peer: FieldCursor, found: Found): void {
  while (nextField(peer)) {
    if (isBytesField(peer, inPeer.certificate)) found.peerCertificate = textOf(peer);
    else if (isBytesField(peer, inPeer.principal)) found.principal = textOf(peer);
    else if (isBytesField(peer, inPeer.address)) readAddress(fieldsWithin(peer), found);
  }
}

function readAddress(address: FieldCursor, found: Found): void {
  while (nextField(address)) {
    // The kinds of address are a oneof: the last one in the message counts.
    if (isBytesField(address, inAddress.pipe) || isBytesField(address, inAddress.internal))
      found.address = '';
    else if (isBytesField(address, inAddress.socket)) {
      const socket = fieldsWithin(address);
      while (nextField(socket)) if (isBytesField(socket, addressOfSocket)) found.address = textOf(socket);
    }
  }
}

/** Reads the policy from the context extensions, which the route sets. */
function readExtension(entry: FieldCursor, found: Found): void {
  let isPolicy = false;
  let value = '';
  while (nextField(entry)) {
    if (isBytesField(entry, inMapEntry.key)) isPolicy = textOf(entry) === policyName;
    else if (isBytesField(entry, inMapEntry.value)) value = textOf(entry);
  }
  if (isPolicy) found.policy = value;
}

function readRequest(request: FieldCursor, found: Found): void {
  while (nextField(request))
    if (isBytesField(request, inRequest.http)) readHttp(fieldsWithin(request), found);
}

function readHttp(http: FieldCursor, found: Found): void {
  // One cursor for all headers: most of them are only skipped.
  const header = fieldsWithin(http);
  while (nextField(http)) {
    if (isBytesField(http, inHttp.headers)) readHeader(moveWithin(header, http), found, false);
    else if (isBytesField(http, inHttp.method)) found.method = textOf(http);
    else if (isBytesField(http, inHttp.path)) found.path = textOf(http);
    else if (isBytesField(http, inHttp.host)) found.host = textOf(http);
    else if (isBytesField(http, inHttp.headerMap)) {
      const map = fieldsWithin(http);
      while (nextField(map))
        if (isBytesField(map, headersOfHeaderMap)) readHeader(moveWithin(header, map), found, true);
    }
  }
}

/** An entry of either kind: `key` and `value` have the same numbers in both. */
function readHeader(header: FieldCursor, found: Found, isRaw: boolean): void {
  const { bytes } = header;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  let rawStart = 0;
  let rawEnd = 0;
  while (nextField(header)) {
    if (isBytesField(header, inHeader.key)) {
      keyStart = header.valueStart;
      keyEnd = header.valueEnd;
    } else if (isBytesField(header, inHeader.value)) {
      valueStart = header.valueStart;
      valueEnd = header.valueEnd;
    } else if (isRaw && isBytesField(header, inHeader.rawValue)) {
      rawStart = header.valueStart;
      rawEnd = header.valueEnd;
    }
  }
  const wanted = found.wanted === undefined ? '' : nameOf(bytes, keyStart, keyEnd, found.wanted);
  if (wanted === undefined) return;
  const key = bytes.toString('latin1', keyStart, keyEnd);
  const name = wanted === '' ? inLowerCase(key) : wanted;
  const isLatin1 = rawEnd > rawStart;
  const read = isLatin1
    ? { name, isLatin1, valueStart: rawStart, valueEnd: rawEnd }
    : { name, isLatin1, valueStart, valueEnd };
  if (isRaw) found.raw.push(read);
  else found.joined.set(key, read);
}

/** The wanted name that a key equals, in any case. */
function nameOf(bytes: Buffer, start: number, end: number, wanted: Names): string | undefined {
  for (const [name, named] of wanted[end - start] ?? []) if (isNamed(bytes, start, end, named)) return name;
  return undefined;
}

/** Converts ASCII letters to lower case. Other characters are bytes of UTF-8. */
function inLowerCase(name: string): string {
  return /[A-Z]/.test(name) ? name.replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase()) : name;
}

/** Whether a key equals a lower-case name, in any case. */
function isNamed(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[start + index] ?? 0;
    const isCapital = byte >= 0x41 && byte <= 0x5a;
    if ((isCapital ? byte + 0x20 : byte) !== name[index]) return false;
  }
  return true;
}
