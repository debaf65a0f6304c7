/**
 * Random attempts to impersonate another client with `x-forwarded-client-cert`: the client sends any text, and has a certificate with any content.
 * The proxies are models. Our reader gets their header.
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

/** The hashes of the certificates. */
export const hashes = { victim: hashOf('victim'), client: hashOf('client') } as const;

/** The proxy that terminates the TLS of clients, and the one behind it. */
export const gateway = 'spiffe://cluster.local/ns/istio-system/sa/gateway';
const sidecar = 'spiffe://cluster.local/ns/shop/sa/web';

/** The header of a client, and the settings of the proxies. */
export interface Forgery {
  /** The header of the client; empty for none. */
  readonly text: string;
  readonly certificate: ModelCertificate;
  /** The fields that the TLS proxy forwards, and whether its own certificate has a URI. */
  readonly details: Details;
  readonly hasUri: boolean;
  readonly detailsBehind: Details;
}

/** A random attempt. */
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

/** The header after one, two or three proxies. */
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

/** The settings of a reader, and the number of proxies for them. */
export const settings = [
  { trustedHops: 1, trustedProxyUri: '', proxies: 1 },
  { trustedHops: 2, trustedProxyUri: '', proxies: 2 },
  { trustedHops: 3, trustedProxyUri: '', proxies: 3 },
  { trustedHops: 0, trustedProxyUri: gateway, proxies: 1 },
  { trustedHops: 0, trustedProxyUri: gateway, proxies: 2 },
] as const;
