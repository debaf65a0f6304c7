/** Remembers the headers of verified tokens, because all tokens that one key signs have the same header. */
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import type { JoseHeader } from './jose-header.ts';

/** The headers. */
export interface KnownHeaders {
  /** The header of a token; undefined if it is not known. */
  readonly of: (token: string) => JoseHeader | undefined;
  /** Remembers the header of a verified token. A client without a valid token cannot displace it. */
  readonly add: (token: string, header: JoseHeader) => void;
}

/** Maximum number of headers: one for each key and type of tokens. */
const mostHeaders = 256;

/** The longest encoded header that is cached, in characters. A certificate chain (`x5c`) makes it longer. */
const longestHeader = 1_024;

/** Creates an empty set of headers. */
export function createKnownHeaders(): KnownHeaders {
  const headers = new Map<string, JoseHeader>();
  return {
    of: (token) => headers.get(encodedHeader(token)),
    add: (token, header) => {
      const encoded = encodedHeader(token);
      if (encoded.length > longestHeader || headers.has(encoded)) return;
      // A copy: a part of a string keeps the whole string in memory.
      headers.set(Buffer.from(encoded, 'latin1').toString('latin1'), header);
      forgetOldest(headers, mostHeaders);
    },
  };
}

function encodedHeader(token: string): string {
  return token.slice(0, token.indexOf('.'));
}
