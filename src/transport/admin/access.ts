/** Decides who may use the guarded routes of the admin listener. */
import { hash, timingSafeEqual } from 'node:crypto';

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
}

/** Headers that proxies add. Envoy always adds `x-forwarded-proto`. */
export const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-proto'] as const;

/** The access of a client. `ambiguous` means that a header that decides about access has several lines. */
export type Access = 'granted' | 'denied' | 'ambiguous';

/**
 * Decides about the access of a client. It has access if one of these conditions is true:
 * - It connects from this machine or through `kubectl port-forward`, and requests a loopback name.
 * - It has a verified client certificate.
 * - It sends the token of `admin.tokenFile`.
 *
 * @param token the token; undefined without `admin.tokenFile`
 */
export function accessOf(peer: AdminPeer, token: string | undefined): Access {
  if (peer.host.length > 1 || peer.authorization.length > 1) return 'ambiguous';
  const hasAccess = isLocal(peer) || peer.hasVerifiedCertificate || hasToken(peer.authorization[0], token);
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
  return sent !== undefined && isEqual(sent, token);
}

/** Compares in constant time. The hashes have the same length, as the comparison requires. */
function isEqual(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
