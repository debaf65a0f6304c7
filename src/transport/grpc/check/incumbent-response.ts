/** The answer of the authorizer that still decides, which it gave over HTTP, as a CheckResponse. */

import { connectionHeaders } from '../../../check/incumbent/connection-headers.ts';
import type { IncumbentAnswer } from '../../../model/decision.ts';
import { http } from '../../../runtime/node-http.ts';
import { grpcStatus } from '../status.ts';
import { proven, writeDenied, writeOk, writeRemovals } from './check-response.ts';

/** Statuses that Node has a name for and Envoy (envoy.type.v3.StatusCode) has not. */
const unknownToEnvoy = new Set([418, 425, 451, 509]);

/**
 * Makes the message. As over HTTP, exactly 200 lets the request go on.
 *
 * @param forwarded the headers that go to the upstream, as the mesh's entry would list them over HTTP
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
    return proven(writeOk({ code: 0, headers: set, removals: writeRemovals(removed), metadata: {} }), true);
  }
  return proven(
    writeDenied({
      code: status === 401 ? grpcStatus.unauthenticated : grpcStatus.permissionDenied,
      httpStatus: isRefusal(status) ? status : 403,
      headers: lines.filter(([name]) => !connectionHeaders.has(name) && name !== 'date'),
      body: utf8Of(body),
      metadata: {},
    }),
    false,
  );
}

/** What came as one character a byte, as text. */
function utf8Of(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Whether a status can be that of a refusal: one that Envoy knows, and no success. */
function isRefusal(status: number): boolean {
  return status >= 300 && http.STATUS_CODES[status] !== undefined && !unknownToEnvoy.has(status);
}
