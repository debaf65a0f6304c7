/**
 * A check request out of Envoy's envoy.service.auth.v3.CheckRequest. Only what a check looks at is decoded: most of the
 * message is headers that it does not.
 */
import type { CheckRequest } from '../check/types.ts';
import { type FieldCursor, fieldsOf, fieldsWithin, isBytesField, nextField, textOf } from './protobuf.ts';

/** The numbers of the fields, as `protos/external_auth.proto` has them. */
const attributesOfCheck = 1;
const requestOfAttributes = 4;
const httpOfRequest = 2;
const inHttp = { method: 2, headers: 3, path: 4, host: 5, headerMap: 13 } as const;
const headersOfHeaderMap = 1;
const inHeader = { key: 1, value: 2, rawValue: 3 } as const;

const authorization = Buffer.from('authorization');
const requestId = Buffer.from('x-request-id');

/** What was found so far. */
interface Found {
  method: string;
  host: string;
  path: string;
  /** Of `headers`, where several lines of one name are joined, and of `header_map`, where they are not. */
  readonly joined: string[];
  readonly raw: string[];
  requestId: string;
}

/**
 * Reads a message. One without HTTP attributes has no header, and so no token.
 *
 * @throws MalformedMessage where the bytes are no such message
 */
export function readCheckRequest(bytes: Buffer): CheckRequest {
  const found: Found = { method: '', host: '', path: '', joined: [], raw: [], requestId: '' };
  const check = fieldsOf(bytes);
  while (nextField(check)) {
    if (!isBytesField(check, attributesOfCheck)) continue;
    const attributes = fieldsWithin(check);
    while (nextField(attributes)) {
      if (!isBytesField(attributes, requestOfAttributes)) continue;
      const request = fieldsWithin(attributes);
      while (nextField(request))
        if (isBytesField(request, httpOfRequest)) readHttp(fieldsWithin(request), found);
    }
  }
  const { method, host, path, joined, raw } = found;
  return { method, host, path, authorization: together(joined, raw), requestId: found.requestId };
}

/** Where both carry the header and agree, they are one; where they do not, they are two. */
function together(joined: readonly string[], raw: readonly string[]): readonly string[] {
  const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
  return isTheSame ? joined : [...joined, ...raw];
}

function readHttp(http: FieldCursor, found: Found): void {
  while (nextField(http)) {
    if (isBytesField(http, inHttp.headers)) readHeader(fieldsWithin(http), found, found.joined);
    else if (isBytesField(http, inHttp.method)) found.method = textOf(http);
    else if (isBytesField(http, inHttp.path)) found.path = textOf(http);
    else if (isBytesField(http, inHttp.host)) found.host = textOf(http);
    else if (isBytesField(http, inHttp.headerMap)) {
      const map = fieldsWithin(http);
      while (nextField(map))
        if (isBytesField(map, headersOfHeaderMap)) readHeader(fieldsWithin(map), found, found.raw);
    }
  }
}

/** An entry of either kind: `key` and `value` have the same numbers in both. */
function readHeader(header: FieldCursor, found: Found, values: string[]): void {
  let name: 'authorization' | 'requestId' | undefined;
  let value = '';
  let rawValue = '';
  while (nextField(header)) {
    if (isBytesField(header, inHeader.key)) name = nameOf(header);
    else if (isBytesField(header, inHeader.value)) value = textOf(header);
    else if (isBytesField(header, inHeader.rawValue)) rawValue = latin1Of(header);
  }
  if (name === 'authorization') values.push(rawValue === '' ? value : rawValue);
  else if (name === 'requestId' && found.requestId === '')
    found.requestId = rawValue === '' ? value : rawValue;
}

function nameOf(key: FieldCursor): 'authorization' | 'requestId' | undefined {
  if (isNamed(key, authorization)) return 'authorization';
  return isNamed(key, requestId) ? 'requestId' : undefined;
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
