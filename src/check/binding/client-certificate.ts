/** The certificate that the client showed when it connected, as the proxies in front tell it (RFC 8705 section 3). */
import { hash } from 'node:crypto';
import type { Config } from '../../config/declare/options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import { type Element, readLastElements } from './forwarded-client-cert.ts';

/** The thumbprint of the client's certificate; undefined if it showed none; `unknowable` where nobody tells. */
export type ClientCertificate = string | 'unknowable' | undefined;

/** Makes what finds the thumbprint, `x5t#S256`, of a client's certificate. */
export function createClientCertificate(
  options: Config['clientCertificates'],
): (request: CheckRequest) => ClientCertificate {
  const { trustedHops, trustedProxyUri } = options;
  const choose =
    trustedProxyUri === ''
      ? (header: string) => readLastElements(header, trustedHops)?.[0]
      : (header: string) => writtenBy(trustedProxyUri, header);
  const isForwarded = trustedHops > 0 || trustedProxyUri !== '';

  return ({ forwardedClientCert, peerCertificate }) => {
    if (isForwarded) return thumbprintOfHash(choose(forwardedClientCert)?.get('hash'));
    return peerCertificate === '' ? 'unknowable' : thumbprintOfPem(peerCertificate);
  };
}

/**
 * The element that a proxy wrote. The last one is by the proxy that asks; the one before it is believed only where the
 * last one says that the peer was that proxy, for anybody can send a header. Where that proxy asks itself, the URI of its peer
 * says nothing: the authority of its clients is another one than that of the mesh, and may sign any URI.
 */
function writtenBy(uri: string, header: string): Element | undefined {
  const [client, proxy] = readLastElements(header, 2) ?? [];
  const by = proxy?.get('by');
  if (by !== undefined && by !== uri && proxy?.get('uri') === uri) return client;
  const [own] = readLastElements(header, 1) ?? [];
  return own?.get('by') === uri ? own : undefined;
}

/** Envoy gives the SHA-256 in hexadecimal, tokens carry it as base64url. */
function thumbprintOfHash(hexadecimal: string | undefined): string | undefined {
  if (hexadecimal === undefined || !/^[0-9a-f]{64}$/i.test(hexadecimal)) return undefined;
  return Buffer.from(hexadecimal, 'hex').toString('base64url');
}

const pem = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/;

function thumbprintOfPem(encoded: string): string | undefined {
  // Decoded by hand: what is no percent-encoding must not throw. A plus is a plus here.
  const text = encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const [, base64] = pem.exec(text) ?? [];
  return base64 === undefined ? undefined : hash('sha256', Buffer.from(base64, 'base64'), 'base64url');
}
