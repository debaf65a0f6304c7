/** Fetches a document with one GET, which must be answered with 200. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Attempt } from './fetch-attempt.ts';
import { type Resolve, resolveBySystem } from './guarded-lookup.ts';
import { createSend, type RequestOptions, shortened } from './request.ts';

/** Limits and settings of a fetch. */
export interface FetchOptions extends Omit<RequestOptions, 'timeoutOption'> {
  /** The option that names a URL; `issuer` by default. */
  readonly optionOf?: (url: string) => Attempt['option'];
}

/** A response with status 200. */
export interface Fetched {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The option that sets the address of a document. */
export type AddressOption = 'jwksUri' | 'discoveryUri';

/**
 * Fetches a document. Rejects with an Error that explains the failure.
 *
 * @param from the URL of the document that named this one, which limits the addresses; undefined if the configuration names it.
 * @param option the option to set if the document has moved; `jwksUri` by default
 */
export type Fetch = (url: string, from?: string, option?: AddressOption) => Promise<Fetched>;

/** Creates a {@link Fetch}. */
export function createFetch(options: FetchOptions, resolve: Resolve = resolveBySystem): Fetch {
  const send = createSend({ ...options, timeoutOption: 'keys.timeout' }, resolve);
  const { optionOf = () => 'issuer' } = options;
  return async (text, from, option = 'jwksUri') =>
    send(text, {
      method: 'GET',
      headers: { accept: 'application/json' },
      from,
      option: from === undefined ? optionOf(text) : undefined,
      acceptHead: (status, headers) => requireStatus(status, headers, text, option),
    });
}

/** @throws Error that names the status, and the target of a redirect */
function requireStatus(
  statusCode: number,
  { location }: IncomingHttpHeaders,
  url: string,
  option: AddressOption,
): void {
  if (statusCode === 200) return;
  const redirect =
    statusCode < 300 || statusCode > 399 || location === undefined
      ? ''
      : `: it redirects to ${targetOf(location, url)}, and redirects are not followed; if that is the right address, set \`${option}\` to it`;
  throw Object.assign(new Error(`status ${statusCode} instead of 200${redirect}`), { statusCode });
}

/** The target of a redirect for a message, without its query, which may be secret. */
function targetOf(location: string, from: string): string {
  const target = URL.parse(location, from);
  if (target === null) return 'an invalid URL';
  return shortened(target.origin === 'null' ? target.protocol : target.origin + target.pathname);
}
