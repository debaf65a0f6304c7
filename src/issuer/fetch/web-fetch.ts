/** Our bounded request in the form of the WHATWG `fetch`, for a library that makes its own requests. */

import type { Send } from './request.ts';
import type { ClientCertificate } from './trust.ts';

/** The part of `fetch` that openid-client uses. Rejects with a RequestError. */
export type WebFetch = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  },
) => Promise<Response>;

/** The headers of a response that the caller gets. Others could reach a message. */
const passedHeaders = ['content-type', 'retry-after'];

/** Statuses whose response must not have a body (RFC 9110 section 15). */
const withoutBody = new Set([204, 205, 304]);

/**
 * Creates a `fetch` that returns any status and follows no redirect. A POST connects a second time only if nothing was sent.
 *
 * @param from the URL of the document that named the endpoints; undefined if the configuration names them
 * @param certificate reads the client certificate, for every request
 */
export function createWebFetch(
  send: Send,
  from: string | undefined,
  certificate: () => ClientCertificate | undefined,
): WebFetch {
  return async (url, { method = 'GET', headers = {}, body }) => {
    const received = await send(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(body !== undefined && body !== null && { body: String(body) }),
      from,
      option: 'login',
      clientCertificate: certificate(),
      mayReconnect: true,
    });
    const kept = passedHeaders.flatMap((name) => {
      const value = received.headers[name];
      return value === undefined ? [] : [[name, value] as [string, string]];
    });
    return new Response(withoutBody.has(received.status) ? null : received.body, {
      status: received.status,
      headers: kept,
    });
  };
}
