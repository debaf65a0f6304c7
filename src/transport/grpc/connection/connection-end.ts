/** Why this side ended a connection, as the log and the metric of rejected connections name it. */
import { protocolOf } from '../../shared/protocol-detection.ts';
import type { OnRejected, RejectionCause } from '../../shared/rejections.ts';
import { type ErrorCode, errorCode } from '../http2/error-code.ts';

/**
 * Reports a connection that this side ended.
 *
 * @param error the code and the detail of its GOAWAY. The detail contains no text of the client.
 * @param firstBytes the first bytes of a peer that did not start HTTP/2
 */
export function reportEnded(
  error: { readonly code: ErrorCode; readonly detail: string },
  firstBytes: Buffer | undefined,
  onRejected: OnRejected,
): void {
  const protocol = firstBytes === undefined ? 'http2' : protocolOf(firstBytes);
  if (protocol === 'http2') onRejected(causeOf(error.code), error.detail);
  else onRejected(protocol);
}

function causeOf(code: ErrorCode): RejectionCause {
  if (code === errorCode.enhanceYourCalm) return 'flood';
  return code === errorCode.internalError ? 'internal_error' : 'protocol_error';
}
