/** Reads the header blocks of requests (RFC 9113 section 8.3). */
import type { HeaderDecoder } from './hpack/decoder.ts';
import type { RequestField } from './request-field.ts';
import type { RequestHead } from './stream.ts';

/** A valid request. */
export interface ReadHead {
  readonly head: RequestHead;
  /** The number of `content-length`; -1 if there is none. */
  readonly contentLength: number;
}

/**
 * Reads header blocks, of which `bytes` from `start` to `end` are a part. Each one must be read, so that the compression state
 * stays in step (RFC 9113 section 4.3). The functions throw a CompressionError if the block cannot be decoded.
 *
 * The list of fields has no limit of its own: only those that are used are kept, so a long list takes no memory.
 */
export interface HeadReader {
  /** Reads a whole block. */
  readonly whole: (bytes: Buffer, start: number, end: number) => void;
  /**
   * Reads the complete fields of a part of a block.
   *
   * @returns the position of the first field that is not complete; above `end` if the block continues there
   */
  readonly part: (bytes: Buffer, start: number, end: number, isFirst: boolean) => number;
  /** The request of the last block; undefined if it is malformed. */
  readonly request: () => ReadHead | undefined;
  /** Whether the last block can be trailers. They are not used. */
  readonly isTrailers: () => boolean;
}

/** Creates a reader of the header blocks of a connection. */
export function createHeadReader(decoder: HeaderDecoder<RequestField>): HeadReader {
  let isWellFormed = true;
  let mayBePseudo = true;
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let contentType: string | undefined;
  let contentLength: string | undefined;
  let encoding: string | undefined;
  let timeout: string | undefined;
  /** The last request and its `content-length`. The next request is usually the same, and takes no memory then. */
  let last: ReadHead | undefined;
  let lastContentLength: string | undefined;

  const begin = () => {
    isWellFormed = true;
    mayBePseudo = true;
    method = scheme = path = authority = undefined;
    contentType = contentLength = encoding = timeout = undefined;
  };
  /** Reads a field; returns whether it may be there. A pseudo-header field may occur once, before all other fields. */
  const readField = ({ kind, value }: RequestField): boolean => {
    switch (kind) {
      case 'method':
        if (!mayBePseudo || method !== undefined) return false;
        method = value;
        return true;
      case 'scheme':
        if (!mayBePseudo || scheme !== undefined) return false;
        scheme = value;
        return true;
      case 'path':
        if (!mayBePseudo || path !== undefined) return false;
        path = value;
        return true;
      case 'authority':
        if (!mayBePseudo || authority !== undefined) return false;
        authority = value;
        return true;
      case 'malformed':
        return false;
      default:
        mayBePseudo = false;
    }
    switch (kind) {
      case 'content_type':
        contentType ??= value;
        return true;
      case 'content_length':
        contentLength ??= value;
        return contentLength === value;
      case 'encoding':
        encoding ??= value;
        return true;
      case 'timeout':
        timeout ??= value;
        return true;
      case 'other':
        return true;
    }
  };
  const onField = (field: RequestField) => {
    if (!readField(field)) isWellFormed = false;
  };
  /** Whether the pseudo-header fields are those of a request (RFC 9113 sections 8.3.1 and 8.5). */
  const isRequest = (): boolean => {
    if (method === 'CONNECT') return scheme === undefined && path === undefined && authority !== undefined;
    if (method === undefined || scheme === undefined || path === undefined) return false;
    return path.startsWith('/') || (path === '*' && method === 'OPTIONS');
  };
  const isLast = ({ head }: ReadHead): boolean =>
    head.path === path &&
    head.timeout === timeout &&
    head.method === method &&
    head.contentType === contentType &&
    head.encoding === encoding &&
    lastContentLength === contentLength;

  return {
    whole: (bytes, start, end) => {
      begin();
      decoder.decode(bytes, start, end, onField);
    },
    part: (bytes, start, end, isFirst) => {
      if (isFirst) begin();
      return decoder.decodePart(bytes, start, end, onField, isFirst);
    },
    request: () => {
      if (!isWellFormed || !isRequest()) return undefined;
      if (last === undefined || !isLast(last)) {
        const head = { method: method ?? '', path: path ?? '', contentType, encoding, timeout };
        last = { head, contentLength: contentLength === undefined ? -1 : Number(contentLength) };
        lastContentLength = contentLength;
      }
      return last;
    },
    isTrailers: () => isWellFormed && (method ?? scheme ?? path ?? authority) === undefined,
  };
}
