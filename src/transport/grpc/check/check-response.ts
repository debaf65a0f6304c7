/** Writes Envoy's envoy.service.auth.v3.CheckResponse, and reads it back to verify it. */
import {
  doubleField,
  fieldHead,
  fieldsOf,
  fieldsWithin,
  isBytesField,
  messageField,
  nextField,
  numberField,
  numberOf,
  textField,
  toBytes,
  type Written,
} from '../message/protobuf.ts';

/** The numbers of the fields, as `protos/external_auth.proto` has them. */
const inResponse = { status: 1, denied: 2, ok: 3, dynamicMetadata: 4 } as const;
const inStatus = { code: 1 } as const;
const inOk = { headers: 2, headersToRemove: 5, responseHeadersToAdd: 6 } as const;
const inDenied = { status: 1, headers: 2, body: 3 } as const;
const inHeaderOption = { header: 1, append: 2, appendAction: 3 } as const;
const inHeader = { key: 1, value: 2 } as const;
const inBool = { value: 1 } as const;
const inStruct = { fields: 1, key: 1, value: 2 } as const;
const inValue = { number: 2, string: 3, bool: 4, list: 6 } as const;
const inList = { values: 1 } as const;

/** APPEND_IF_EXISTS_OR_ADD and OVERWRITE_IF_EXISTS_OR_ADD. */
const [add, overwrite] = [0, 2];

/** A header that replaces all headers of its name. */
export type HeaderToSet = readonly [name: string, value: string];

/** Metadata for the access log and other filters (google.protobuf.Struct, one level deep). */
export type Metadata = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A response that allows the request. */
export interface OkResponse {
  readonly code: number;
  readonly headers: readonly HeaderToSet[];
  /** The result of {@link writeRemovals}. */
  readonly removals: Written;
  readonly metadata: Metadata;
}

/** A response that denies the request. */
export interface DeniedResponse {
  readonly code: number;
  readonly httpStatus: number;
  readonly headers: readonly HeaderToSet[];
  readonly body: string;
  readonly metadata: Metadata;
}

/** Writes the names of headers to remove, which many responses share. */
export function writeRemovals(names: readonly string[]): Written {
  return names.map((name) => textField(inOk.headersToRemove, name)).join('');
}

/** Writes a response that allows the request. */
export function writeOk({ code, headers, removals, metadata }: OkResponse): Buffer {
  return response(code, messageField(inResponse.ok, writeRequestHeaders(headers, []) + removals), metadata);
}

/** Writes fields of an allow that set headers of the upstream request, or remove them. */
export function writeRequestHeaders(set: readonly HeaderToSet[], remove: readonly string[]): Written {
  return (
    set.map((header) => messageField(inOk.headers, headerOption(header))).join('') + writeRemovals(remove)
  );
}

/** Writes fields of an allow that add lines to the response for the client, and keeps those of the workload. */
export function writeResponseHeaders(added: readonly HeaderToSet[]): Written {
  return added
    .map((header) => messageField(inOk.responseHeadersToAdd, headerFields(header) + beside))
    .join('');
}

/**
 * Adds fields to the allow within a response. The fields are inserted, because not every decoder merges two allows of a response.
 *
 * @throws TypeError if the result does not allow
 */
export function withOkFields(response: Buffer, fields: Written): Buffer {
  const cursor = fieldsOf(response);
  let start = 0;
  while (nextField(cursor)) {
    if (isBytesField(cursor, inResponse.ok)) {
      const { valueStart, valueEnd, next } = cursor;
      const added = toBytes(fields);
      const head = toBytes(fieldHead(inResponse.ok, valueEnd - valueStart + added.length));
      const ok = response.subarray(valueStart, valueEnd);
      return verified(
        Buffer.concat([response.subarray(0, start), head, ok, added, response.subarray(next)]),
        true,
      );
    }
    start = cursor.next;
  }
  throw new TypeError('a CheckResponse without an allow cannot have fields of one');
}

/** Writes a response that denies the request. */
export function writeDenied({ code, httpStatus, headers, body, metadata }: DeniedResponse): Buffer {
  const set = headers.map((header) => messageField(inDenied.headers, headerOption(header))).join('');
  const status = messageField(inDenied.status, numberField(inStatus.code, httpStatus));
  const denied = status + set + textField(inDenied.body, body);
  return response(code, messageField(inResponse.denied, denied), metadata);
}

/**
 * Reads a response back and verifies that it has the decision. To Envoy, an empty response, a wrong field or an invalid
 * code would be an allow.
 *
 * @param start where the response begins, for example after the prefix of a frame
 * @throws TypeError if the response does not match the decision
 */
export function verified(bytes: Buffer, allows: boolean, start = 0): Buffer {
  const { code, isOk, isDenied } = readOutcome(bytes, start);
  const saysAllow = code === 0 && isOk && !isDenied;
  const saysDeny = code !== undefined && code > 0 && isDenied && !isOk;
  if (allows ? !saysAllow : !saysDeny) throw new TypeError('a CheckResponse does not match its decision');
  return bytes;
}

/** Reads a response as Envoy does: its status code, if it has one, and whether it allows or denies. */
function readOutcome(
  bytes: Buffer,
  start: number,
): {
  readonly code: number | undefined;
  readonly isOk: boolean;
  readonly isDenied: boolean;
} {
  let code: number | undefined;
  let isOk = false;
  let isDenied = false;
  const fieldsOfResponse = fieldsOf(bytes, start);
  while (nextField(fieldsOfResponse)) {
    if (isBytesField(fieldsOfResponse, inResponse.status)) {
      const status = fieldsWithin(fieldsOfResponse);
      while (nextField(status)) if (status.field === inStatus.code) code = numberOf(status);
    } else if (isBytesField(fieldsOfResponse, inResponse.ok)) isOk = true;
    else if (isBytesField(fieldsOfResponse, inResponse.denied)) isDenied = true;
  }
  return { code, isOk, isDenied };
}

function response(code: number, answer: Written, metadata: Metadata): Buffer {
  return toBytes(writeStatus(code) + answer + messageField(inResponse.dynamicMetadata, struct(metadata)));
}

function writeStatus(code: number): Written {
  // Written even if it is 0, which serializers may omit. The same applies to `append` below.
  return messageField(inResponse.status, numberField(inStatus.code, code));
}

/** Writes an allow of its written parts: the fields of the allow, and the entries of the metadata. */
export function writeAllow(code: number, fields: Written, entries: Written): Written {
  return (
    writeStatus(code) +
    messageField(inResponse.ok, fields) +
    messageField(inResponse.dynamicMetadata, entries)
  );
}

/** The bytes before the value of a header to set, which is followed by {@link afterHeader}. @param length that of the value, in bytes */
export function beforeHeader(name: string, length: number): Written {
  const header = textField(inHeader.key, name) + fieldHead(inHeader.value, length);
  const option = fieldHead(inHeaderOption.header, header.length + length) + header;
  return fieldHead(inOk.headers, option.length + length + afterHeader.length) + option;
}

/** The bytes before the text of an entry of the metadata. @param length that of the text, in bytes */
export function beforeText(name: string, length: number): Written {
  const text = fieldHead(inValue.string, length);
  const entry = textField(inStruct.key, name) + fieldHead(inStruct.value, text.length + length) + text;
  return fieldHead(inStruct.fields, entry.length + length) + entry;
}

/** Replaces a header, after its value. Older versions of Envoy read `append`, newer ones read the action if `append` is absent. */
export const afterHeader =
  messageField(inHeaderOption.append, numberField(inBool.value, 0)) +
  numberField(inHeaderOption.appendAction, overwrite);

/** Adds a line. The same versions need both fields: with `append` absent or false, the lines of the workload are lost. */
const beside =
  messageField(inHeaderOption.append, numberField(inBool.value, 1)) +
  numberField(inHeaderOption.appendAction, add);

function headerOption(header: HeaderToSet): Written {
  return headerFields(header) + afterHeader;
}

function headerFields([name, value]: HeaderToSet): Written {
  const header = textField(inHeader.key, name) + textField(inHeader.value, value);
  return messageField(inHeaderOption.header, header);
}

function struct(metadata: Metadata): Written {
  return Object.entries(metadata)
    .map(([name, value]) => writeEntry(name, value))
    .join('');
}

/** Writes an entry of the metadata. */
export function writeEntry(name: string, value: Metadata[string]): Written {
  const entry = textField(inStruct.key, name) + messageField(inStruct.value, structValue(value));
  return messageField(inStruct.fields, entry);
}

function structValue(value: Metadata[string]): Written {
  if (typeof value === 'string') return textField(inValue.string, value);
  if (typeof value === 'boolean') return numberField(inValue.bool, Number(value));
  if (typeof value === 'number') return doubleField(inValue.number, value);
  const members = value.map((member) => messageField(inList.values, structValue(member)));
  return messageField(inValue.list, members.join(''));
}
