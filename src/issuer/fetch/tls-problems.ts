/** Explains why a TLS connection to an issuer failed. */
import { certificateNames } from './error-details.ts';
import { type Attempt, addressAdvice, portOf, trustAdvice } from './fetch-attempt.ts';

/** Codes of OpenSSL for a certificate whose authority is not trusted. */
const unknownAuthority = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
]);

/** Codes of OpenSSL for a server that does not use TLS. */
const noTls = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_TOO_SMALL',
  'ERR_SSL_UNEXPECTED_MESSAGE',
  'ERR_SSL_HTTP_REQUEST',
]);

const oldTls = new Set([
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY',
  'ERR_SSL_NO_CIPHERS_AVAILABLE',
]);

/** Explains the code of an error and how to fix it; undefined if the code is not about TLS. */
export function tlsProblem(code: string, error: unknown, attempt: Attempt): string | undefined {
  return (
    certificateProblem(code, error, attempt) ??
    protocolProblem(code, attempt) ??
    alertProblem(code, attempt) ??
    connectionProblem(code, attempt)
  );
}

function certificateProblem(code: string, error: unknown, attempt: Attempt): string | undefined {
  const { hasCaFile, trustSystemCas, url } = attempt;
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return `its certificate is self-signed and not trusted; ${trustAdvice('that certificate', attempt)}`;
  if (unknownAuthority.has(code))
    return `its certificate is signed by an authority that is not trusted${hasCaFile ? `, neither by \`issuers[].caFile\`${trustSystemCas ? ' nor by the system' : ''}` : ''}; ${trustAdvice("its authority's certificate", attempt)}. If the server does not send its intermediate certificate, add that one to \`issuers[].caFile\``;
  if (code === 'CERT_HAS_EXPIRED')
    return `its certificate, or a CA certificate above it, has expired; renew it, or correct the clock of this machine${hasCaFile ? ', or replace the certificate in `issuers[].caFile`' : ''}`;
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate, or a CA certificate above it, is not valid yet; correct the clock of this machine, or issue the certificate again';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = certificateNames(error);
    return `its certificate is not valid for ${url.hostname}${names === '' ? '' : `, only for ${names}`}; use a name that the certificate has (${addressAdvice(attempt)}), or add ${url.hostname} to the certificate`;
  }
  if (code === 'CERT_REVOKED') return 'its certificate is revoked; renew it';
  if (/^ERR_SSL_(EE|CA)_(KEY_TOO_SMALL|MD_TOO_WEAK)$|^(EE|CA)_(KEY_TOO_SMALL|MD_TOO_WEAK)$/.test(code))
    return 'its certificate has a key or a signature that is too weak; renew it with a stronger one';
  if (/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CERT_SIGNATURE_FAILURE|CERT_REJECTED)$/.test(code))
    return 'its certificate, or a CA certificate above it, is damaged or not issued for this use; issue it again';
  return undefined;
}

function protocolProblem(code: string, attempt: Attempt): string | undefined {
  if (noTls.has(code))
    return `it does not use TLS on port ${portOf(attempt.url)}; correct the port, or write http:// and set \`issuers[].insecureHttp: true\` if plain HTTP is intended (${addressAdvice(attempt)})`;
  return oldTls.has(code)
    ? 'it supports neither TLS 1.2 nor TLS 1.3, or none of their usual cipher suites; enable TLS 1.2 or 1.3 there'
    : undefined;
}

function alertProblem(code: string, attempt: Attempt): string | undefined {
  if (attempt.option === 'login' && /ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code))
    return 'it rejects the client certificate, or requires one; check `issuers[].login.certFile` and what the issuer has for this client';
  if (/ALERT.*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|ACCESS_DENIED)/.test(code))
    return 'it requires a client certificate, which this service does not have; use an address without mutual TLS';
  if (/ALERT.*HANDSHAKE_FAILURE/.test(code))
    return 'it shares no cipher suite with this service, or requires a client certificate (mutual TLS), which this service does not have; use an address that supports TLS 1.2 or 1.3 without mutual TLS';
  return /ALERT.*UNRECOGNIZED_NAME/.test(code)
    ? `it does not serve the host ${attempt.url.hostname}; ${addressAdvice(attempt)}`
    : undefined;
}

function connectionProblem(code: string, attempt: Attempt): string | undefined {
  if (/^ERR_SSL_|^EPROTO$|^ERR_TLS_/.test(code)) return `the TLS handshake failed; ${addressAdvice(attempt)}`;
  return code === 'ECONNRESET'
    ? `the connection was closed${attempt.proxy === undefined ? '' : ' behind the proxy'}, possibly by a firewall, a service mesh or a server that does not use TLS on port ${portOf(attempt.url)}; ${addressAdvice(attempt)}`
    : undefined;
}
