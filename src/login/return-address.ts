/** Reads the address that the browser goes back to after a login: always a path of the same host. */
import type { CheckRequest } from '../model/check-request.ts';
import type { LoginPaths } from './login-paths.ts';

/** The longest return address, in bytes as sent. It is a part of the login cookie. */
const maxLength = 2_048;

/** Characters that a browser reads differently: it removes tabs and line breaks, and turns a backslash into a slash (WHATWG URL). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafe = /[\x00-\x20\x7f-\x9f\\]|\p{Default_Ignorable_Code_Point}|\p{White_Space}/u;

/** A segment that a browser removes with the one before it. */
const dotSegment = /\/(?:\.|%2e){1,2}(?=\/|$)/i;

/**
 * Reads a return address.
 *
 * @param text a path, with or without a query and a fragment.
 * @param isOwnPath whether a decoded path is one of the login. A return there would loop.
 * @returns the address in printable ASCII, percent-encoded as browsers do; undefined if it is refused
 */
export function readReturnAddress(text: string, isOwnPath: (path: string) => boolean): string | undefined {
  if (text[0] !== '/' || unsafe.test(text) || !text.isWellFormed()) return undefined;
  const path = /^[^?#]*/.exec(text)?.[0] ?? '';
  const decoded = decodedPath(path);
  if (decoded === undefined || dotSegment.test(path) || isOwnPath(decoded)) return undefined;
  const address = text.replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent);
  return address.length > maxLength ? undefined : address;
}

/** The address to return to after a login that a request asks for; undefined if it is refused. */
export function returnAddressOf(request: CheckRequest, paths: Pick<LoginPaths, 'read'>): string | undefined {
  return readReturnAddress(requestedAddress(request), (path) => paths.read(path) !== undefined);
}

/** The address that a request asks for. If the mesh rewrites paths and Envoy tells the original, it is that one. */
export function requestedAddress(request: CheckRequest): string {
  const original = request.header('x-envoy-original-path');
  return original.length === 1 && original[0] !== undefined && original[0] !== ''
    ? original[0]
    : request.path;
}

/** Servers decode a path before they use it. Undefined if they cannot, or if the result could be read as a host. */
function decodedPath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return unsafeDecoded.test(decoded) || decoded.startsWith('//') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafeDecoded = /[\x00-\x1f\x7f\\]/;
