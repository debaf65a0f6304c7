/**
 * Whether a client can pass for another one by `x-forwarded-client-cert`: it sends any text, and its certificate holds anything.
 * The proxies in front are modelled; what they put together goes to the reader.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  anyCertificate,
  anyDetails,
  appended,
  collidingText,
  type Details,
  elementOf,
  type ModelCertificate,
} from './envoy-client-cert.ts';

const hashOf = (name: string) => createHash('sha256').update(name).digest('hex');

/** The hashes of the certificates of those who take part. */
export const hashes = { victim: hashOf('victim'), client: hashOf('client') } as const;

/** The proxy that ends the TLS of clients, and the one behind it. */
export const gateway = 'spiffe://cluster.local/ns/istio-system/sa/gateway';
const sidecar = 'spiffe://cluster.local/ns/shop/sa/web';

/** What a client does, and what the proxies in front make of it. */
export interface Forgery {
  /** What the client sends; empty: nothing. */
  readonly text: string;
  readonly certificate: ModelCertificate;
  /** What the proxy that ends TLS tells, and whether its own certificate has a URI. */
  readonly details: Details;
  readonly hasUri: boolean;
  readonly detailsBehind: Details;
}

/** Any forgery. */
export const anyForgery: fc.Arbitrary<Forgery> = (() => {
  const text = collidingText(hashes.victim, [gateway, sidecar]);
  return fc.record({
    text,
    certificate: anyCertificate(hashes.client, text),
    details: anyDetails,
    hasUri: fc.boolean(),
    detailsBehind: anyDetails,
  });
})();

/** The header as the last of one, two or three proxies puts it together. */
export function headerOf(forgery: Forgery, proxies: number): string {
  const { text, certificate, details, hasUri, detailsBehind } = forgery;
  let header = appended(text, elementOf(certificate, hasUri ? [gateway] : [], details));
  for (let index = 1; index < proxies; index++) {
    const before = index === 1 ? gateway : sidecar;
    const peer = { hash: hashOf(before), subject: [], uris: [before], dnsNames: [] };
    header = appended(header, elementOf(peer, [sidecar], detailsBehind));
  }
  return header;
}

/** What a reader is set to, and how many proxies stand in front then. */
export const settings = [
  { trustedHops: 1, trustedProxyUri: '', proxies: 1 },
  { trustedHops: 2, trustedProxyUri: '', proxies: 2 },
  { trustedHops: 3, trustedProxyUri: '', proxies: 3 },
  { trustedHops: 0, trustedProxyUri: gateway, proxies: 1 },
  { trustedHops: 0, trustedProxyUri: gateway, proxies: 2 },
] as const;
