/** Finds out which protocol a client uses on a listener that expects another one. */
import type { Socket } from 'node:net';
import type { RejectionCause } from './rejections.ts';

const proxyProtocol2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The rest of that signature after Node's HTTP parser consumed the empty lines at its start. */
const proxyProtocol2Rest = proxyProtocol2.subarray(4);

/**
 * Detects the protocol from the first bytes of a connection. It knows a TLS handshake (RFC 8446 section 5.1), HTTP/2 with prior
 * knowledge (RFC 9113 section 3.4), the PROXY protocol, and HTTP/1.
 */
export function protocolOf(bytes: Uint8Array): 'tls' | 'http1' | 'http2' | 'proxy_protocol' | 'unknown' {
  if (bytes[0] === 0x16 && (bytes[1] === 3 || bytes.length === 1)) return 'tls';
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  if ([proxyProtocol2, proxyProtocol2Rest].some((known) => start.subarray(0, known.length).equals(known)))
    return 'proxy_protocol';
  const text = start.toString('latin1');
  if (text.startsWith('PROXY ')) return 'proxy_protocol';
  if (text.startsWith('PRI * HTTP/2')) return 'http2';
  return /^(\r\n)*[A-Z-]{2,20} \S/.test(text) ? 'http1' : 'unknown';
}

/** Codes of Node and OpenSSL for a failed TLS handshake, and their causes. A client that only connects and closes has no cause. */
const handshakeFailures: readonly (readonly [RegExp, RejectionCause])[] = [
  [/^ERR_SSL_(HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/, 'plain_text'],
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|BAD_PACKET_LENGTH)$/,
    'plain_text',
  ],
  [/^ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE$/, 'client_certificate'],
  [/^ERR_SSL_(NO_APPLICATION_PROTOCOL|.*ALERT_NO_APPLICATION_PROTOCOL)$/, 'alpn'],
  [
    /^ERR_SSL_(UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_SHARED_CIPHER|NO_SUITABLE_|.*ALERT_PROTOCOL_VERSION|.*ALERT_HANDSHAKE_FAILURE)/,
    'tls_version',
  ],
  [
    /^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)$/,
    'certificate_refused',
  ],
];

/** Finds the cause of a failed TLS handshake; undefined if there is nothing to fix. */
export function handshakeFailure(error: NodeJS.ErrnoException, socket: Socket): RejectionCause | undefined {
  // Set if the client certificate was rejected; the error itself only says that the connection closed.
  const { authorizationError } = socket as { authorizationError?: unknown };
  if (authorizationError !== undefined && authorizationError !== null && authorizationError !== '')
    return 'client_certificate';
  return handshakeFailures.find(([codes]) => codes.test(error.code ?? ''))?.[1];
}

/** Finds the other protocol behind an error of Node's HTTP/1 parser or of TLS; undefined for malformed HTTP/1. */
export function otherThanHttp1(error: NodeJS.ErrnoException, socket: Socket): RejectionCause | undefined {
  const packet: unknown = (error as { rawPacket?: unknown }).rawPacket;
  if (error.code?.startsWith('HPE_') !== true || !(packet instanceof Uint8Array))
    return handshakeFailure(error, socket);
  // Only the first bytes of a connection show the protocol; a few of them may have been parsed before.
  if (socket.bytesRead > packet.length + proxyProtocol2.length && !('encrypted' in socket)) return undefined;
  const protocol = protocolOf(packet);
  // An unknown method is text too: a request of a client must not look like a fault of the mesh.
  return protocol === 'http1' || (protocol === 'unknown' && isText(packet)) ? undefined : protocol;
}

function isText(bytes: Uint8Array): boolean {
  return bytes
    .subarray(0, 8)
    .every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a);
}
