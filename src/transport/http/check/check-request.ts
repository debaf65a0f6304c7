/** A check request out of what Envoy's HTTP ext_authz sends: the downstream's own method, path and headers. */
import type { IncomingMessage } from 'node:http';
import type { CheckRequest } from '../../../model/decision.ts';
import { headerLines } from '../../../runtime/raw-headers.ts';

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
    else if (isNamed(name, 'host')) host = host === undefined ? value : `${host},${value}`;
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
    header: createHeaderOf(rawHeaders),
  };
}

function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}

/** Looks up headers by name: all lines are gone through when the first one is asked for, and not again. */
function createHeaderOf(rawHeaders: readonly string[]): CheckRequest['header'] {
  let index: Map<string, string[]> | undefined;
  return (name) => {
    index ??= indexOf(rawHeaders);
    return index.get(name) ?? none;
  };
}

const none: readonly string[] = [];

function indexOf(rawHeaders: readonly string[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const lines = index.get(name);
    if (lines === undefined) index.set(name, [rawHeaders[at + 1] ?? '']);
    else lines.push(rawHeaders[at + 1] ?? '');
  }
  return index;
}
