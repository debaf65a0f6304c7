/** Compares the `htu` of a proof with the request (RFC 9449 section 4.3, number 9). */

import { readHost } from '../../config/values/hosts.ts';
import type { CheckRequest } from '../../model/check-request.ts';

const uriParts = /^(https?:\/\/[^/?#@\s]+)([^?#]*)/i;
const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The part of `htu` that is not for the request. */
export type TargetProblem = 'form' | 'origin' | 'host' | 'path';

/**
 * Finds the part of `htu` that is not for a request. Its origin must be one of the configured origins, and must have the host of the
 * request. Headers about the original origin are not used, because a client can add them.
 *
 * @param target `htu`
 * @returns undefined if the proof is for the request
 */
export function targetProblem(
  target: string,
  { host, path }: Pick<CheckRequest, 'host' | 'path'>,
  origins: readonly string[],
): TargetProblem | undefined {
  const [, base = '', targetPath = ''] = uriParts.exec(target) ?? [];
  const origin = URL.parse(base)?.origin;
  if (origin === undefined) return 'form';
  if (!origins.includes(origin)) return 'origin';
  if (!isHostOf(origin, host)) return 'host';
  const [requestPath = ''] = path.split('?', 1);
  return normalPath(targetPath) === normalPath(requestPath) ? undefined : 'path';
}

/** Whether a Host header names an origin, with or without its default port (RFC 9110 section 7.2). */
function isHostOf(origin: string, text: string): boolean {
  const host = readHost(text);
  if (host === undefined) return false;
  const { protocol, host: hostOfOrigin } = new URL(origin);
  const isDefault = host.port === undefined || host.port === defaultPorts[protocol];
  return (isDefault ? host.name : `${host.name}:${host.port}`) === hostOfOrigin;
}

/** Normalizes a path (RFC 3986 section 6.2.2). Only unreserved characters are decoded. */
function normalPath(path: string): string {
  const decoded = path.replaceAll(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase();
  });
  return decoded === '' ? '/' : decoded;
}
