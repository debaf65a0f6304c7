/** Decides who may use the guarded routes of the admin listener. */
import { isSameText } from '../../runtime/same-text.ts';

/** The client of a request. Header values are lists, with one member for each line. */
export interface AdminPeer {
  /** The address of the connection; undefined if the connection is closed. */
  readonly address: string | undefined;
  /** Whether its client certificate was verified with `admin.tls.clientCaFile`. */
  readonly hasVerifiedCertificate: boolean;
  readonly host: readonly string[];
  readonly authorization: readonly string[];
  /** Whether a header shows that a proxy forwarded the request. */
  readonly isForwarded: boolean;
  /** Whether a browser sends the request for a page of another origin. */
  readonly isCrossSite: boolean;
}

/** Headers that proxies add. Envoy always adds `x-forwarded-proto`. */
const proxyHeader = /^(?:forwarded|via|x-real-ip|x-forwarded-.*|x-envoy-.*)$/;

/** Whether a name, in lower case, is that of a header that proxies add. */
export function isProxyHeader(name: string): boolean {
  return proxyHeader.test(name);
}

/**
 * Whether a browser sends a request for a page of another origin (Fetch Metadata Request Headers, section 2). The page cannot read the
 * response, but it could send many requests. A link to a page of this listener is not such a request. A form that is sent to it is one.
 */
export function isCrossSite(
  method: string | undefined,
  header: (name: `sec-fetch-${string}`) => string | undefined,
): boolean {
  const isLink =
    method === 'GET' && header('sec-fetch-mode') === 'navigate' && header('sec-fetch-dest') === 'document';
  return !['same-origin', 'none', undefined].includes(header('sec-fetch-site')) && !isLink;
}

/** The access of a client. `ambiguous` means that a header that decides about access has several lines. */
export type Access = 'granted' | 'denied' | 'ambiguous';

/**
 * Decides about the access of a client. It has access if one of these conditions is true:
 * - It connects from this machine or through `kubectl port-forward`, and requests a loopback name.
 * - It has a verified client certificate.
 * - It sends the token of `admin.tokenFile`. The others do not suffice for a request of another page, which a browser sends with them.
 *
 * @param token the token; undefined without `admin.tokenFile`
 */
export function accessOf(peer: AdminPeer, token: string | undefined): Access {
  if (peer.host.length > 1 || peer.authorization.length > 1) return 'ambiguous';
  const hasAccess =
    (!peer.isCrossSite && (isLocal(peer) || peer.hasVerifiedCertificate)) ||
    hasToken(peer.authorization[0], token);
  return hasAccess ? 'granted' : 'denied';
}

/** Exact addresses: Istio's sidecar delivers the requests of other machines from 127.0.0.6. */
const localAddresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** With any other name, a web page could use DNS rebinding to read responses in the browser of an operator. */
const localHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

function isLocal({ address, host: [host = ''], isForwarded }: AdminPeer): boolean {
  return address !== undefined && localAddresses.has(address) && localHost.test(host) && !isForwarded;
}

function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || token === '') return false;
  const [, sent] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  return sent !== undefined && isSameText(sent, token);
}
