/** Explains why a connection to an address of the command line failed. */
import { isTlsAlert } from '../issuer/fetch/error-details.ts';

/** The messages of OpenSSL for a server that does not use TLS. */
const noTls = /wrong version number|packet length too long|record too small|http request/i;

/** The messages of OpenSSL for a certificate whose CA is not known. */
const untrusted = /^(self-signed certificate|unable to (get|verify))/i;

/** The fix of a connection without a more exact one. */
export const checkAddress =
  'check the address, and that the process runs (in Kubernetes: kubectl port-forward)';

/** Returns the cause and the fix, in one line. */
export function connectionProblem(error: unknown): string {
  const [cause, fix] = problemOf(error);
  return `${cause}; ${fix}`;
}

/** The cause and the fix. An error of several addresses has no message of its own. */
function problemOf(error: unknown): readonly [cause: string, fix: string] {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const problems = error.errors.map(problemOf);
    return [[...new Set(problems.map(([cause]) => cause))].join(', '), problems[0]?.[1] ?? checkAddress];
  }
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  if (noTls.test(message)) return ['the port does not use TLS', 'write http:// instead of https://'];
  if (isTlsAlert(error)) return ['the port uses TLS', 'write https:// instead of http://'];
  if (message === 'socket hang up' || /\bECONNRESET\b/.test(message))
    return ['the connection was closed without a response', 'if the port uses TLS, write https://'];
  if (untrusted.test(message))
    return [`its certificate is not trusted (${message.replace(/;.*/s, '')})`, 'name its CA with --ca-file'];
  return [message.trim(), checkAddress];
}
