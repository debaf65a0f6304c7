/** A check request out of what Envoy's HTTP ext_authz sends: the downstream's own method, path and headers. */
import type { IncomingMessage } from 'node:http';
import type { CheckRequest } from '../check/types.ts';
import { headerLines } from '../listener/raw-headers.ts';

/** What HTTP tells of it would be a header, which a client can send. */
const unknownSource = { address: '', principal: '' } as const;

/**
 * The check request that an HTTP request is.
 *
 * The raw headers count: Node's parsed ones show the first of several authorization lines and hide the rest.
 *
 * @param pathPrefix what the proxy puts in front of the downstream's path
 */
export function toCheckRequest(
  { method = '', url = '', rawHeaders }: IncomingMessage,
  pathPrefix: string,
): CheckRequest {
  const authorization: string[] = [];
  const dpop: string[] = [];
  let [host, requestId, forwardedClientCert]: (string | undefined)[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (isNamed(name, 'authorization')) authorization.push(value);
    else if (isNamed(name, 'host')) host ??= value;
    else if (isNamed(name, 'x-request-id')) requestId ??= value;
    else if (isNamed(name, 'dpop')) dpop.push(value);
    else if (isNamed(name, 'x-forwarded-client-cert'))
      forwardedClientCert = forwardedClientCert === undefined ? value : `${forwardedClientCert}\n${value}`;
  }
  const path = url.startsWith(pathPrefix) ? url.slice(pathPrefix.length) : url;
  return {
    method,
    path,
    authorization,
    dpop,
    forwardedClientCert: forwardedClientCert ?? '',
    peerCertificate: '',
    source: unknownSource,
    policy: undefined,
    host: host ?? '',
    requestId: requestId ?? '',
    original: () => ({ target: path, headers: headerLines(rawHeaders) }),
    header: (name) => linesOf(rawHeaders, name),
  };
}

function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}

function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && isNamed(rawHeaders[index - 1] ?? '', name));
}
