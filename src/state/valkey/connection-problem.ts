/** Explains why a connection failed, in plain words and without a secret: the cause, and the option to look at. */

/** The facts about a connection when it fails. */
export interface ConnectionFacts {
  readonly to: 'server' | 'sentinel';
  /** The name that must be in the certificate. */
  readonly host: string;
  /** `rediss://`. */
  readonly isTls: boolean;
  readonly hasCaFile: boolean;
  readonly hasCertFile: boolean;
  /** The server took the connection. */
  readonly isReached: boolean;
  /** The server sent something of Redis' protocol. With TLS, inside of it. */
  readonly isAnswered: boolean;
}

type Explain = (facts: ConnectionFacts, error: unknown) => string;

const urls = '`state.valkey.urls`';
const network = 'check the network, and the policies that allow connections';

const withoutTls: Explain = () =>
  `it does not use TLS on this port; write redis:// in ${urls}, or correct the port`;
const noRoute: Explain = () => `there is no way to this address; ${network}`;
const unknownAuthority: Explain = ({ hasCaFile }) =>
  `its certificate is of an authority that is not trusted; ${hasCaFile ? 'replace the authority in' : 'set'} \`state.valkey.caFile\``;
const clientCertificate: Explain = ({ hasCertFile }) =>
  hasCertFile
    ? 'it does not accept the client certificate; check `state.valkey.certFile`, and the authority that the server trusts'
    : 'it requires a client certificate; set `state.valkey.certFile` and `state.valkey.keyFile`';
const ended: Explain = ({ isTls, isReached, isAnswered }) => {
  if (isAnswered || !isReached) return 'the connection was lost';
  return isTls
    ? `it closed the connection without an answer; check that it uses TLS (${urls}), and its log`
    : `it closed the connection without an answer; if it requires TLS, write rediss:// in ${urls}`;
};

/** Codes of the system, of Node.js and of OpenSSL. */
const explanations: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: () =>
    `no server listens there; check the host and the port in ${urls}, and that the server runs`,
  ENOTFOUND: () => `the name of the host does not exist; check ${urls}`,
  EAI_AGAIN: () => 'the name of the host cannot be resolved now; check the DNS server',
  ETIMEDOUT: ({ isTls, isReached }) =>
    isTls && isReached
      ? `it takes connections, and does not answer with TLS; if it has no TLS, write redis:// in ${urls}`
      : `it does not answer; check ${urls}. If they are right, ${network}`,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  ECONNRESET: ended,
  EPIPE: ended,
  ERR_SSL_WRONG_VERSION_NUMBER: withoutTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: withoutTls,
  ERR_SSL_RECORD_TOO_SMALL: withoutTls,
  ERR_SSL_UNEXPECTED_MESSAGE: withoutTls,
  ERR_SSL_HTTP_REQUEST: withoutTls,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_HAS_EXPIRED: () => 'its certificate has expired; renew it, or correct the clock of this machine',
  CERT_NOT_YET_VALID: () => 'its certificate is not valid yet; correct the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }, error) =>
    `its certificate is not valid for ${host}${namesOf(error)}; write a name of the certificate in ${urls}`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: clientCertificate,
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE: clientCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientCertificate,
};

/** Returns why a connection failed. @param error the error of the connection; undefined if the server closed it */
export function connectionProblem(error: unknown, facts: ConnectionFacts): string {
  const code = codeOf(error);
  const explain = code === undefined ? undefined : explanations[code];
  if (explain !== undefined) return `${explain(facts, error)} (${code})`;
  if (code !== undefined) return `the connection failed (${code})`;
  // The error of the client library for an answer that is not of Redis' protocol.
  if (error instanceof Error && /RESP type|Protocol error/.test(error.message))
    return `it does not answer as Valkey or Redis does; check the port in ${urls}`;
  return ended(facts, error);
}

/** The code of an error of a socket, of TLS or of a file. */
function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code !== undefined && /^[A-Z0-9_]+$/.test(code) ? code : undefined;
}

/** The names of a certificate. The server wrote them, so they are checked and cut. */
function namesOf(error: unknown): string {
  const { cert } = error as { readonly cert?: { readonly subjectaltname?: unknown } };
  const names = String(cert?.subjectaltname ?? '').replaceAll(/DNS:|IP Address:/g, '');
  return /^[\w.*:, -]+$/.test(names) ? `, only for ${names.slice(0, 200)}` : '';
}
