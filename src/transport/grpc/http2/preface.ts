/** The first bytes of a client (RFC 9113 section 3.4). */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Reads the preface, which may arrive in pieces. */
export interface PrefaceReader {
  /**
   * Reads the next bytes.
   *
   * @returns the number of bytes that belong to the preface
   * @throws ConnectionError at the first byte that differs
   */
  readonly read: (bytes: Buffer) => number;
  readonly isComplete: () => boolean;
}

/** Creates a reader. */
export function createPrefaceReader(): PrefaceReader {
  let arrived = 0;
  return {
    read: (bytes) => {
      const more = Math.min(bytes.length, preface.length - arrived);
      if (preface.compare(bytes, 0, more, arrived, arrived + more) !== 0)
        throw new ConnectionError(errorCode.protocolError, 'no HTTP/2 preface');
      arrived += more;
      return more;
    },
    isComplete: () => arrived === preface.length,
  };
}
