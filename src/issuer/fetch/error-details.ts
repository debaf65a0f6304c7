/** Reads codes and details out of the errors of Node and OpenSSL. */

/** The root cause of an error: the first error of several attempts, and the last error of a chain of causes. */
export function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}

/** The code of an error; empty if it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of an error, or its code if it has no message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? codeOf(error) : error.message;
}

/** The HTTP status that an error carries. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** The code for the reason in an OpenSSL message such as `error:0A00010B:SSL routines:name:wrong version number:file:line:`. */
export function opensslCode(text: string): string {
  const [, reason = ''] = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(text) ?? [];
  return `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** The names in the server's certificate, at most 200 characters; empty if the error has none. The server chose them: do not trust them. */
export function certificateNames(error: unknown): string {
  const cert: unknown =
    typeof error === 'object' && error !== null && 'cert' in error ? error.cert : undefined;
  const names: unknown =
    typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : undefined;
  return typeof names === 'string' ? names.slice(0, 200) : '';
}

/** Whether the server responded to plain HTTP with a TLS alert (RFC 8446 section 5.1). */
export function isTlsAlert(error: unknown): boolean {
  const packet: unknown =
    typeof error === 'object' && error !== null && 'rawPacket' in error ? error.rawPacket : undefined;
  return packet instanceof Uint8Array && packet[0] === 0x15 && packet[1] === 3;
}
