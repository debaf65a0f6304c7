/** Classifies and validates a field of a request (RFC 9113 sections 8.2 and 8.3). HPACK keeps the result for its next use. */

/** A field, by what a gRPC server reads of it. */
export interface RequestField {
  readonly kind: FieldKind;
  readonly value: string;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts it, in bytes (RFC 9113 section 6.5.2). */
  readonly size: number;
}

/** The kinds of fields. */
export type FieldKind =
  | 'method'
  | 'scheme'
  | 'path'
  | 'authority'
  | 'content_type'
  | 'content_length'
  | 'encoding'
  | 'timeout'
  | 'other'
  | 'malformed';

/** The size of a field without its name and value. */
const overhead = 32;

/** Reads a field. */
export function readRequestField(name: string, value: string): RequestField {
  return { kind: kindOf(name, value), value, size: name.length + value.length + overhead };
}

function kindOf(name: string, value: string): FieldKind {
  if (!isFieldValue(value)) return 'malformed';
  switch (name) {
    case ':method':
      return isToken(value) ? 'method' : 'malformed';
    case ':scheme':
      return 'scheme';
    case ':path':
      return 'path';
    case ':authority':
      return 'authority';
    case 'content-type':
      return 'content_type';
    case 'content-length':
      return /^\d{1,15}$/.test(value) ? 'content_length' : 'malformed';
    case 'grpc-encoding':
      return 'encoding';
    case 'grpc-timeout':
      return 'timeout';
    case 'te':
      return value.toLowerCase() === 'trailers' ? 'other' : 'malformed';
    // Fields of HTTP/1 connections (RFC 9113 section 8.2.2).
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return 'malformed';
    default:
      return isToken(name) && name === name.toLowerCase() ? 'other' : 'malformed';
  }
}

/** Whether a text is a token (RFC 9110 section 5.6.2). A colon is not part of one, so unknown pseudo-header fields are none. */
function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-zA-Z]+$/.test(text);
}

/**
 * Whether a value has no NUL, CR or LF (RFC 9113 section 8.2.1). White space at its start or end is accepted: a proxy may forward
 * a value that its client chose, and the client must not be able to make the call fail.
 */
function isFieldValue(value: string): boolean {
  return !/[\0\r\n]/.test(value);
}
