/** Converts the HTTP response of the incumbent to a CheckResponse. The incumbent decides while `shadow.authorizer` is set. */

import { connectionHeaders } from '../../../check/incumbent/connection-headers.ts';
import type { IncumbentAnswer } from '../../../model/incumbent.ts';
import { http } from '../../../runtime/node-http.ts';
import { grpcStatus } from '../status.ts';
import { verified, writeDenied, writeOk, writeRemovals } from './check-response.ts';

/** Statuses that Node knows and Envoy (envoy.type.v3.StatusCode) does not. */
const unknownToEnvoy = new Set([418, 425, 451, 509]);

/**
 * Creates the message. As over HTTP, only status 200 allows the request.
 *
 * @param forwarded the headers to set on the upstream request; over HTTP, the mesh's entry lists them
 */
export function incumbentResponse(
  { status, headers, body }: IncumbentAnswer,
  forwarded: readonly string[],
): Buffer {
  const lines = headers.map(([name, value]) => [name.toLowerCase(), utf8Of(value)] as const);
  if (status === 200) {
    const removed = lines
      .filter(([name]) => name === 'x-envoy-auth-headers-to-remove')
      .flatMap(([, value]) => value.split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const set = lines.filter(([name, value]) => forwarded.includes(name) && value !== '');
    return verified(writeOk({ code: 0, headers: set, removals: writeRemovals(removed), metadata: {} }), true);
  }
  return verified(
    writeDenied({
      code: status === 401 ? grpcStatus.unauthenticated : grpcStatus.permissionDenied,
      httpStatus: isDenial(status) ? status : 403,
      headers: lines.filter(([name]) => !connectionHeaders.has(name) && name !== 'date'),
      body: utf8Of(body),
      metadata: {},
    }),
    false,
  );
}

/** Decodes UTF-8 that is stored as one character per byte. */
function utf8Of(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Whether Envoy accepts a status for a denial: a known one that is not a success. */
function isDenial(status: number): boolean {
  return status >= 300 && http.STATUS_CODES[status] !== undefined && !unknownToEnvoy.has(status);
}
