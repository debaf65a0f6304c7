/** Envoy's envoy.service.auth.v3.CheckResponse, written and read back. */
import {
  bytesField,
  doubleField,
  fields,
  fieldsOf,
  fieldsWithin,
  isBytesField,
  nextField,
  numberField,
  numberOf,
  type Written,
} from './protobuf.ts';

/** The numbers of the fields, as `protos/external_auth.proto` has them. */
const inResponse = { status: 1, denied: 2, ok: 3, dynamicMetadata: 4 } as const;
const inStatus = { code: 1 } as const;
const inOk = { headers: 2, headersToRemove: 5 } as const;
const inDenied = { status: 1, headers: 2, body: 3 } as const;
const inHeaderOption = { header: 1, append: 2, appendAction: 3 } as const;
const inHeader = { key: 1, value: 2 } as const;
const inBool = { value: 1 } as const;
const inStruct = { fields: 1, key: 1, value: 2 } as const;
const inValue = { number: 2, string: 3, list: 6 } as const;
const inList = { values: 1 } as const;

/** OVERWRITE_IF_EXISTS_OR_ADD. */
const overwrite = 2;

/** A header that replaces what a request or an answer has of that name. */
export type HeaderToSet = readonly [name: string, value: string];

/** What goes into the access log and to other filters (google.protobuf.Struct, one level deep). */
export type Metadata = Readonly<Record<string, string | number | readonly string[]>>;

/** An answer that lets the request go on. */
export interface OkResponse {
  readonly code: number;
  readonly headers: readonly HeaderToSet[];
  readonly headersToRemove: readonly string[];
  readonly metadata: Metadata;
}

/** An answer that does not. */
export interface DeniedResponse {
  readonly code: number;
  readonly httpStatus: number;
  readonly headers: readonly HeaderToSet[];
  readonly body: string;
  readonly metadata: Metadata;
}

/** Writes an answer that lets the request go on. */
export function writeOk({ code, headers, headersToRemove, metadata }: OkResponse): Buffer {
  const ok = fields(
    ...headers.map((header) => bytesField(inOk.headers, headerOption(header))),
    ...headersToRemove.map((name) => bytesField(inOk.headersToRemove, name)),
  );
  return response(code, bytesField(inResponse.ok, ok), metadata);
}

/** Writes an answer that does not. */
export function writeDenied({ code, httpStatus, headers, body, metadata }: DeniedResponse): Buffer {
  const denied = fields(
    bytesField(inDenied.status, numberField(inStatus.code, httpStatus)),
    ...headers.map((header) => bytesField(inDenied.headers, headerOption(header))),
    bytesField(inDenied.body, body),
  );
  return response(code, bytesField(inResponse.denied, denied), metadata);
}

/**
 * Proves by reading it back that an answer says what was decided: an empty one, a misspelt field or a code that is no
 * number would all be an allow.
 *
 * @throws TypeError if it does not
 */
export function proven(bytes: Buffer, allows: boolean): Buffer {
  const { code, isOk, isDenied } = readOutcome(bytes);
  const saysAllow = code === 0 && isOk && !isDenied;
  const saysDeny = code !== undefined && code > 0 && isDenied && !isOk;
  if (allows ? !saysAllow : !saysDeny) throw new TypeError('a CheckResponse does not say what was decided');
  return bytes;
}

/** What Envoy makes of an answer: its status code, where there is one, and which of the two answers it has. */
function readOutcome(bytes: Buffer): {
  readonly code: number | undefined;
  readonly isOk: boolean;
  readonly isDenied: boolean;
} {
  let code: number | undefined;
  let isOk = false;
  let isDenied = false;
  const fieldsOfResponse = fieldsOf(bytes);
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
  // Written out even where it is 0, which a serialiser may leave away, as `append` is above.
  const status = bytesField(inResponse.status, numberField(inStatus.code, code));
  return fields(status, answer, bytesField(inResponse.dynamicMetadata, struct(metadata)));
}

/** Both ways of saying it: older Envoys look at `append`, newer ones at the action where `append` is absent. */
function headerOption([name, value]: HeaderToSet): Buffer {
  const notAppended = bytesField(inHeaderOption.append, numberField(inBool.value, 0));
  return fields(
    bytesField(
      inHeaderOption.header,
      fields(bytesField(inHeader.key, name), bytesField(inHeader.value, value)),
    ),
    notAppended,
    numberField(inHeaderOption.appendAction, overwrite),
  );
}

function struct(metadata: Metadata): Buffer {
  const entries = Object.entries(metadata).map(([name, value]) =>
    bytesField(
      inStruct.fields,
      fields(bytesField(inStruct.key, name), bytesField(inStruct.value, structValue(value))),
    ),
  );
  return fields(...entries);
}

function structValue(value: Metadata[string]): Buffer {
  if (typeof value === 'string') return bytesField(inValue.string, value);
  if (typeof value === 'number') return doubleField(inValue.number, value);
  const members = value.map((member) => bytesField(inList.values, structValue(member)));
  return bytesField(inValue.list, fields(...members));
}
