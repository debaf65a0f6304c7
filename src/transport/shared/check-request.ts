/** Converts an HTTP/1.1 request, which has the method, path and headers of the client, to a check request. */
import type { IncomingMessage } from 'node:http';
import type { CheckRequest } from '../../model/check-request.ts';
import { headerLines } from '../../runtime/raw-headers.ts';
import { sessionHeaders } from './session-headers.ts';

/** Over HTTP the source is known only from headers, which a client can forge. */
const unknownSource = { address: '', principal: '' } as const;

/**
 * Converts a request. Reads the raw headers, because Node's parsed headers hide all authorization lines but the first.
 *
 * @param pathPrefix the prefix that the proxy adds to the client's path
 */
export function toCheckRequest(
  { method = '', url = '', rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
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

/** Looks up headers by name. The index is created at the first lookup of a header that is not one of {@link sessionHeaders}. */
function createHeaderOf(rawHeaders: readonly string[]): CheckRequest['header'] {
  let index: Map<string, string[]> | undefined;
  return (name) => {
    if (index === undefined && sessionHeaders.has(name)) return linesNamed(rawHeaders, name);
    index ??= indexOf(rawHeaders);
    return index.get(name) ?? none;
  };
}

const none: readonly string[] = [];

function linesNamed(rawHeaders: readonly string[], name: string): readonly string[] {
  let lines: string[] | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!isNamed(rawHeaders[at] ?? '', name)) continue;
    lines ??= [];
    lines.push(rawHeaders[at + 1] ?? '');
  }
  return lines ?? none;
}

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
