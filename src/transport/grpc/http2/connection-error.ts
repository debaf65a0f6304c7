/** Errors that end a connection (RFC 9113 section 5.4.1). */
import type { ErrorCode } from './error-code.ts';

/** An error of the peer that leaves no common state, or a flood. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  /** @param detail what the peer did, for the operator of the peer */
  constructor(code: ErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }
}
