/** The certificate that the client showed when it connected, as the proxies in front tell it (RFC 8705 section 3). */
import { hash } from 'node:crypto';
import type { CheckRequest } from '../check/types.ts';
import type { Config } from '../config/options.ts';

/** The thumbprint of the client's certificate; undefined if it showed none; `unknowable` where nobody tells. */
export type ClientCertificate = string | 'unknowable' | undefined;

/** Makes what finds the thumbprint, `x5t#S256`, of a client's certificate. */
export function createClientCertificate(
  options: Config['clientCertificates'],
): (request: CheckRequest) => ClientCertificate {
  const { trustedHops, trustedProxyUri } = options;
  const choose =
    trustedProxyUri === ''
      ? (elements: readonly Element[]) => elements.at(-trustedHops)
      : (elements: readonly Element[]) => writtenBy(trustedProxyUri, elements);
  const isForwarded = trustedHops > 0 || trustedProxyUri !== '';

  return ({ forwardedClientCert, peerCertificate }) => {
    if (isForwarded) return thumbprintOfHash(choose(readElements(forwardedClientCert))?.get('hash'));
    return peerCertificate === '' ? 'unknowable' : thumbprintOfPem(peerCertificate);
  };
}

/** What one proxy wrote of its peer: the values by their keys in lower case. */
type Element = ReadonlyMap<string, string>;

/**
 * The element that a proxy wrote. The last one is by the proxy that asks; the one before it is believed only where the
 * last one says that the peer was that proxy, for anybody can send a header.
 */
function writtenBy(uri: string, elements: readonly Element[]): Element | undefined {
  const last = elements.at(-1);
  if (last?.get('uri') === uri) return elements.at(-2);
  return last?.get('by') === uri ? last : undefined;
}

/**
 * Reads Envoy's x-forwarded-client-cert: elements with commas between them, each of `Key=Value` with semicolons
 * between them; a value with one of these characters stands in quotes.
 */
function readElements(header: string): readonly Element[] {
  if (header === '') return [];
  return splitOutsideQuotes(header, ',').map((element) => {
    const values = new Map<string, string>();
    const repeated = new Set<string>();
    for (const pair of splitOutsideQuotes(element, ';')) {
      const equals = pair.indexOf('=');
      const key = pair.slice(0, equals).trim().toLowerCase();
      if (values.has(key)) repeated.add(key);
      values.set(key, unquoted(pair.slice(equals + 1).trim()));
    }
    // A key that comes twice, as URI may, is no name for one peer.
    for (const key of repeated) values.delete(key);
    return values;
  });
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let [start, isQuoted] = [0, false];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && isQuoted) index++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value;
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
