/**
 * A check request out of Envoy's envoy.service.auth.v3.CheckRequest. Only what a check looks at is decoded: most of the
 * message is headers that it does not.
 */
import type { CheckRequest } from '../check/types.ts';
import { type FieldCursor, fieldsOf, fieldsWithin, isBytesField, nextField, textOf } from './protobuf.ts';

/** The numbers of the fields, as `protos/external_auth.proto` has them. */
const attributesOfCheck = 1;
const inAttributes = { source: 1, request: 4, contextExtensions: 10 } as const;
const inPeer = { address: 1, principal: 4, certificate: 5 } as const;
const socketOfAddress = 1;
const addressOfSocket = 2;
const httpOfRequest = 2;
const inHttp = { method: 2, headers: 3, path: 4, host: 5, headerMap: 13 } as const;
const headersOfHeaderMap = 1;
const inMapEntry = { key: 1, value: 2 } as const;
const policyName = Buffer.from('policy');
const inHeader = { key: 1, value: 2, rawValue: 3 } as const;

/** The headers that a check looks at. */
const usedHeaders = namesWithBytes(
  'authorization',
  'dpop',
  'x-request-id',
  'x-forwarded-client-cert',
  ':authority',
  'host',
);

type NameWithBytes = readonly [name: string, bytes: Buffer];

/** Names by their length: most headers have one that is not looked for. */
type Names = readonly (readonly NameWithBytes[] | undefined)[];

/** A header of `headers`, where several lines of one name are joined, or of `header_map`, where they are not. */
interface Header {
  readonly name: string;
  readonly isRaw: boolean;
  readonly value: string;
  /** Whether the value came as bytes, of which each is one of its characters. */
  readonly isLatin1: boolean;
}

/** What was found so far. */
interface Found {
  method: string;
  host: string;
  path: string;
  peerCertificate: string;
  address: string;
  principal: string;
  policy: string;
  readonly headers: Header[];
  /** The headers that are looked for; undefined: all. */
  readonly wanted: Names | undefined;
}

/**
 * Reads a message. One without HTTP attributes has no header, and so no token.
 *
 * @throws MalformedMessage where the bytes are no such message
 */
export function readCheckRequest(bytes: Buffer): CheckRequest {
  const found = readAttributes(bytes, usedHeaders);
  const { method, host, path, peerCertificate, address, principal, policy, headers } = found;
  return {
    method,
    host: hostOf(host, headers),
    path,
    authorization: valuesOf(headers, 'authorization'),
    dpop: valuesOf(headers, 'dpop'),
    forwardedClientCert: listOf(headers, 'x-forwarded-client-cert'),
    peerCertificate,
    source: { address, principal },
    policy,
    original: () => ({ target: toBytes(path), headers: [['host', toBytes(host)], ...linesOf(bytes)] }),
    requestId: valuesOf(headers, 'x-request-id').find((value) => value !== '') ?? '',
    header: (name) => valuesOf(readHeaders(bytes, name), name),
  };
}

function readHeaders(bytes: Buffer, name: string): readonly Header[] {
  return readAttributes(bytes, namesWithBytes(name)).headers;
}

/** Every header line but pseudo headers and `host`; where there are two accounts of them, the one that keeps lines apart. */
function linesOf(bytes: Buffer): readonly (readonly [string, string])[] {
  const { headers } = readAttributes(bytes, undefined);
  const raw = headers.filter(({ isRaw }) => isRaw);
  return (raw.length > 0 ? raw : headers)
    .filter(({ name }) => !name.startsWith(':') && name !== 'host')
    .map(({ name, value, isLatin1 }) => [name, isLatin1 ? value : toBytes(value)]);
}

/** Text as HTTP/1.1 carries it: one character for each byte of its UTF-8. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
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
    headers: [],
    wanted,
  };
  const check = fieldsOf(bytes);
  while (nextField(check)) {
    if (!isBytesField(check, attributesOfCheck)) continue;
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

/** The lines of a header. Where both kinds carry it and agree, they are one; where they do not, they are two. */
function valuesOf(headers: readonly Header[], name: string): readonly string[] {
  const [joined, raw] = [false, true].map((isRaw) =>
    headers.filter((header) => header.name === name && header.isRaw === isRaw).map(({ value }) => value),
  ) as [string[], string[]];
  const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
  return isTheSame ? joined : [...joined, ...raw];
}

/** The host; where there is another account of it, or a header of it comes twice, all of them with commas between. */
function hostOf(host: string, headers: readonly Header[]): string {
  let seen = 0;
  for (const { name, isRaw, value } of headers) {
    if (name !== ':authority' && name !== 'host') continue;
    const kind = (name === 'host' ? 1 : 2) << (isRaw ? 2 : 0);
    if (value !== host || (seen & kind) !== 0)
      return [host, ...valuesOf(headers, ':authority'), ...valuesOf(headers, 'host')].join(',');
    seen |= kind;
  }
  return host;
}

/** A header that is a list, which Envoy writes into one line: where there are two accounts of it, neither is believed. */
function listOf(headers: readonly Header[], name: string): string {
  const kinds = new Set(headers.filter((header) => header.name === name).map(({ isRaw }) => isRaw));
  const values = valuesOf(headers, name);
  return kinds.size === 2 && values.length > 1 ? '' : values.join(',');
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
    if (!isBytesField(address, socketOfAddress)) continue;
    const socket = fieldsWithin(address);
    while (nextField(socket)) if (isBytesField(socket, addressOfSocket)) found.address = textOf(socket);
  }
}

/** What the route says beside the request: of it, the policy. */
function readExtension(entry: FieldCursor, found: Found): void {
  let isPolicy = false;
  let value = '';
  while (nextField(entry)) {
    if (isBytesField(entry, inMapEntry.key)) isPolicy = isNamed(entry, policyName);
    else if (isBytesField(entry, inMapEntry.value)) value = textOf(entry);
  }
  if (isPolicy) found.policy = value;
}

function readRequest(request: FieldCursor, found: Found): void {
  while (nextField(request)) if (isBytesField(request, httpOfRequest)) readHttp(fieldsWithin(request), found);
}

function readHttp(http: FieldCursor, found: Found): void {
  while (nextField(http)) {
    if (isBytesField(http, inHttp.headers)) readHeader(fieldsWithin(http), found, false);
    else if (isBytesField(http, inHttp.method)) found.method = textOf(http);
    else if (isBytesField(http, inHttp.path)) found.path = textOf(http);
    else if (isBytesField(http, inHttp.host)) found.host = textOf(http);
    else if (isBytesField(http, inHttp.headerMap)) {
      const map = fieldsWithin(http);
      while (nextField(map))
        if (isBytesField(map, headersOfHeaderMap)) readHeader(fieldsWithin(map), found, true);
    }
  }
}

/** An entry of either kind: `key` and `value` have the same numbers in both. */
function readHeader(header: FieldCursor, found: Found, isRaw: boolean): void {
  let name: string | undefined;
  let value = '';
  let rawValue = '';
  while (nextField(header)) {
    if (isBytesField(header, inHeader.key)) name = nameOf(header, found.wanted);
    else if (isBytesField(header, inHeader.value)) value = textOf(header);
    else if (isBytesField(header, inHeader.rawValue)) rawValue = latin1Of(header);
  }
  const isLatin1 = rawValue !== '';
  if (name !== undefined) found.headers.push({ name, isRaw, isLatin1, value: isLatin1 ? rawValue : value });
}

function nameOf(key: FieldCursor, wanted: Found['wanted']): string | undefined {
  if (wanted === undefined) return textOf(key).toLowerCase();
  for (const [name, bytes] of wanted[key.valueEnd - key.valueStart] ?? [])
    if (isNamed(key, bytes)) return name;
  return undefined;
}

/** Whether a key is a name in any case. */
function isNamed({ bytes, valueStart, valueEnd }: FieldCursor, name: Buffer): boolean {
  if (valueEnd - valueStart !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[valueStart + index] ?? 0;
    const isCapital = byte >= 0x41 && byte <= 0x5a;
    if ((isCapital ? byte + 0x20 : byte) !== name[index]) return false;
  }
  return true;
}

/** The raw bytes one character each: what is not ASCII is no token anyhow. */
function latin1Of({ bytes, valueStart, valueEnd }: FieldCursor): string {
  return bytes.toString('latin1', valueStart, valueEnd);
}
