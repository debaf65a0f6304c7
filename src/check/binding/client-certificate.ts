/** The client certificate of the downstream connection, as the proxies report it (RFC 8705 section 3). */
import { hash } from 'node:crypto';
import type { Config } from '../../config/declare/options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import { type Element, readLastElements } from './forwarded-client-cert.ts';

/** The thumbprint of the client certificate; undefined if the client has none; `unknowable` if no proxy reports it. */
export type ClientCertificate = string | 'unknowable' | undefined;

/** Creates the function that finds the thumbprint (`x5t#S256`) of the client certificate. */
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
 * The element that the trusted proxy wrote. The last element is from the proxy that sends the check. The element before it is trusted
 * only if the last one names the trusted proxy as its peer, because any client can send the header. If the trusted proxy sends the
 * check itself, the URI of its peer is not used: the CA of the clients is not that of the mesh and can sign any URI.
 */
function writtenBy(uri: string, header: string): Element | undefined {
  const [client, proxy] = readLastElements(header, 2) ?? [];
  const by = proxy?.get('by');
  if (by !== undefined && by !== uri && proxy?.get('uri') === uri) return client;
  const [own] = readLastElements(header, 1) ?? [];
  return own?.get('by') === uri ? own : undefined;
}

/** Converts Envoy's hexadecimal SHA-256 to base64url, as in tokens. */
function thumbprintOfHash(hexadecimal: string | undefined): string | undefined {
  if (hexadecimal === undefined || !/^[0-9a-f]{64}$/i.test(hexadecimal)) return undefined;
  return Buffer.from(hexadecimal, 'hex').toString('base64url');
}

const pem = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/;

function thumbprintOfPem(encoded: string): string | undefined {
  // Not decodeURIComponent, which throws on invalid input. A plus is not a space here.
  const text = encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const [, base64] = pem.exec(text) ?? [];
  return base64 === undefined ? undefined : hash('sha256', Buffer.from(base64, 'base64'), 'base64url');
}
