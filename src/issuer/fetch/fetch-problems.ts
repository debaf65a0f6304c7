/** Why a fetch failed, in words for whoever runs the service: what is wrong, and which option mends it. */
import { maskUrls } from '../../config/values/quote-value.ts';

/** What was fetched, as far as a message speaks of it. */
export interface Attempt {
  readonly url: URL;
  /** What names the URL: an option, or undefined where a discovery document does. */
  readonly option: 'issuer' | 'discoveryUri' | 'jwksUri' | undefined;
  readonly hasCaFile: boolean;
  readonly trustSystemCas: boolean;
  /** Whether the head of an answer was read before it failed. */
  readonly hasAnswered: boolean;
  /** Host and port of the proxy that was asked; undefined where none was. */
  readonly proxy: string | undefined;
  /** Whether that proxy comes out of the environment. */
  readonly isProxyOfEnvironment: boolean;
}

/** Codes of OpenSSL for an authority that nothing vouches for. */
const unknownAuthority = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
]);

/** Codes of OpenSSL for a server whose bytes are no TLS. */
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

const unreachable = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['EHOSTUNREACH', 'there is no way to that address'],
  ['ENETUNREACH', 'there is no way to that network'],
  ['EHOSTDOWN', 'that host is down'],
  ['ETIMEDOUT', 'nobody answers there'],
]);

/**
 * Says why a fetch failed and what mends it, with the code of Node or OpenSSL in parentheses at the end. An error without
 * a code speaks for itself.
 */
export function explainFailure(error: unknown, attempt: Attempt): string {
  const root = rootOf(error);
  const shown = codeOf(root);
  const code = shown === 'EPROTO' ? opensslCode(messageOf(root)) : shown;
  const status = statusOf(root);
  if (code === 'ERR_PROXY_TUNNEL') return `${tunnelProblem(status, attempt)} (${shown})`;
  if (status !== undefined) return statusProblem(status, messageOf(root), attempt);
  if (code === '') return maskUrls(messageOf(root));
  if (attempt.hasAnswered && (code === 'ECONNRESET' || code === 'EPIPE'))
    return `the connection was cut in the middle of the answer; it is tried again (${shown})`;
  const told =
    (attempt.url.protocol === 'https:'
      ? tlsProblem(code, root, attempt)
      : plainProblem(code, root, attempt)) ?? networkProblem(code, attempt);
  if (told !== undefined) return `${told} (${shown})`;
  const text = maskUrls(messageOf(root));
  return text.includes(shown) ? text : `${text} (${shown})`;
}

/** Says what a body is that should be JSON: without repeating any of it. */
export function notJson(body: string): string {
  if (body.trim() === '') return 'the answer is empty';
  return /^\s*</.test(body)
    ? 'the answer is a web page (HTML or XML) instead of JSON, as of a login page, a proxy or a wrong path'
    : 'the answer is not JSON';
}

/** What an operator may change about the address. */
function addressMend({ option }: Pick<Attempt, 'option'>): string {
  if (option === undefined)
    return 'the discovery document names this address; name the right one in `jwksUri`';
  if (option !== 'issuer') return `check \`${option}\``;
  return 'check `issuer`, or name the right address in `discoveryUri` or `jwksUri`';
}

function tlsProblem(code: string, error: unknown, attempt: Attempt): string | undefined {
  const { hasCaFile, trustSystemCas, url } = attempt;
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return `its certificate is self-signed, and not one that is trusted; ${trustMend('that certificate', attempt)}`;
  if (unknownAuthority.has(code))
    return `its certificate is signed by an authority that is not trusted${hasCaFile ? `, neither by \`issuers[].caFile\`${trustSystemCas ? ' nor by the system' : ''}` : ''}; ${trustMend("its authority's certificate", attempt)}. A server that does not send its intermediate certificate looks the same: \`issuers[].caFile\` may hold that one`;
  if (code === 'CERT_HAS_EXPIRED')
    return `its certificate, or one of those above it, has expired; renew it, or correct the clock of this machine${hasCaFile ? ', or replace the certificate in `issuers[].caFile`' : ''}`;
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate, or one of those above it, is not valid yet; correct the clock of this machine or that of whoever made it';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is not for ${url.hostname}${namesOf(error)}; use a name that is in it (${addressMend(attempt)}), or have ${url.hostname} added to it`;
  if (code === 'CERT_REVOKED') return 'its certificate is revoked; renew it';
  if (/^ERR_SSL_(EE|CA)_(KEY_TOO_SMALL|MD_TOO_WEAK)$|^(EE|CA)_(KEY_TOO_SMALL|MD_TOO_WEAK)$/.test(code))
    return 'its certificate has a key or a signature that is too weak; renew it with a stronger one';
  if (/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CERT_SIGNATURE_FAILURE|CERT_REJECTED)$/.test(code))
    return 'its certificate, or one of those above it, was not made for this use or is damaged; have it made anew';
  if (noTls.has(code))
    return `it does not speak TLS at port ${portOf(url)}; correct the port, or write http:// with \`issuers[].insecureHttp: true\` where plain text is meant (${addressMend(attempt)})`;
  if (oldTls.has(code))
    return 'it speaks no version of TLS from 1.2 on, or no cipher of those; have TLS 1.2 or 1.3 switched on there';
  if (/ALERT.*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|ACCESS_DENIED)/.test(code))
    return 'it wants a certificate of its client, which this service does not have; ask for an address without mutual TLS';
  if (/ALERT.*HANDSHAKE_FAILURE/.test(code))
    return 'it has no cipher in common with this service, or wants a certificate of its client (mutual TLS), which this service does not have; ask for an address that takes TLS 1.2 or 1.3 without mutual TLS';
  if (/ALERT.*UNRECOGNIZED_NAME/.test(code))
    return `it serves no host called ${url.hostname}; ${addressMend(attempt)}`;
  if (/^ERR_SSL_|^EPROTO$|^ERR_TLS_/.test(code))
    return `no TLS connection could be made; ${addressMend(attempt)}`;
  if (code === 'ECONNRESET')
    return `the connection was cut${attempt.proxy === undefined ? '' : ' behind the proxy'}, perhaps by a firewall, a service mesh or a server that does not speak TLS at port ${portOf(url)}; ${addressMend(attempt)}`;
  return undefined;
}

function plainProblem(code: string, error: unknown, attempt: Attempt): string | undefined {
  const { url } = attempt;
  const isTls = isTlsAlert(error);
  if (isTls || code === 'ECONNRESET' || code === 'EPIPE')
    return `${isTls ? 'it speaks TLS' : 'the connection was cut; perhaps it speaks TLS'} at port ${portOf(url)}: write https:// instead of http:// (${addressMend(attempt)})`;
  if (code.startsWith('HPE_')) return `its answer is not HTTP; ${addressMend(attempt)}`;
  return undefined;
}

function networkProblem(code: string, attempt: Attempt): string | undefined {
  const { url, proxy } = attempt;
  const place = proxy === undefined ? `${url.hostname}:${portOf(url)}` : `the proxy ${proxy}`;
  const isName = code === 'ENOTFOUND' || code.startsWith('EAI_');
  if (isName && proxy !== undefined)
    return `the name of the proxy ${proxy} cannot be resolved; ${proxyMend(attempt)}`;
  if (code === 'ENOTFOUND')
    return `the name ${url.hostname} does not exist; correct it (${addressMend(attempt)}), or ask whoever runs DNS`;
  if (isName)
    return `the name ${url.hostname} cannot be resolved just now; is DNS reachable (egress to port 53, NetworkPolicy)?`;
  const why = unreachable.get(code);
  if (why !== undefined)
    return `no connection to ${place}: ${why}; ${proxy === undefined ? `${addressMend(attempt)}, and that egress to it is allowed (NetworkPolicy, firewall, ServiceEntry; \`issuers[].httpsProxy\` where a proxy is needed)` : proxyMend(attempt)}`;
  if (code === 'EACCES' || code === 'EPERM')
    return `this machine does not allow a connection to ${place}; allow it (firewall, NetworkPolicy)`;
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'this process has too many files and connections open; raise its limit';
  if (code === 'ECONNRESET' || code === 'EPIPE') return `the connection to ${place} was cut`;
  if (code.startsWith('HPE_')) return `the answer is not HTTP; ${addressMend(attempt)}`;
  return undefined;
}

function statusProblem(status: number, text: string, attempt: Attempt): string {
  if (status === 407 && attempt.proxy !== undefined)
    return `the proxy ${attempt.proxy} wants a name and a password (status 407 instead of 200); ${proxyMend(attempt)}, as in http://USER:PASSWORD@HOST:PORT`;
  const mend = statusMend(status, attempt);
  return mend === undefined ? text : `status ${status} instead of 200; ${mend}`;
}

function statusMend(status: number, attempt: Attempt): string | undefined {
  if (status === 401 || status === 403)
    return `it wants credentials or does not take requests from here; the address must be open to everybody, or name another: ${addressMend(attempt)}`;
  if (status === 400 && attempt.url.protocol === 'http:')
    return `a server that speaks TLS at port ${portOf(attempt.url)} answers so to http://; is https:// meant? ${addressMend(attempt)}`;
  if (status === 404 || status === 405 || status === 410 || status === 400)
    return `nothing is served there; ${attempt.option === 'issuer' ? 'is the path of `issuer` complete? ' : ''}${addressMend(attempt)}`;
  if (status === 429)
    return 'it is asked too often; raise `keys.refreshInterval` and `keys.minRefreshInterval`';
  if (status >= 500)
    return attempt.proxy === undefined
      ? 'the issuer, or what stands in front of it, is out of order; it is tried again'
      : `the issuer or the proxy ${attempt.proxy} is out of order; it is tried again`;
  return undefined;
}

function tunnelProblem(status: number | undefined, attempt: Attempt): string {
  const { proxy = '', url } = attempt;
  if (status === 407)
    return `the proxy ${proxy} wants a name and a password (status 407); ${proxyMend(attempt)}, as in http://USER:PASSWORD@HOST:PORT`;
  const answer = status === undefined ? '' : ` with status ${status}`;
  return `the proxy ${proxy} refuses a connection to ${url.host}${answer}; allow it there, or ${attempt.isProxyOfEnvironment ? `put ${url.hostname} into NO_PROXY` : 'leave out `issuers[].httpsProxy`'} where no proxy is needed`;
}

function proxyMend({ isProxyOfEnvironment }: Attempt): string {
  return isProxyOfEnvironment
    ? 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which `issuers[].httpsProxy: env` takes'
    : 'check `issuers[].httpsProxy`';
}

function trustMend(what: string, { hasCaFile, trustSystemCas }: Attempt): string {
  if (hasCaFile && !trustSystemCas)
    return `add ${what} to \`issuers[].caFile\`, or set \`issuers[].trustSystemCas: true\` if the system knows it`;
  return hasCaFile
    ? `add ${what} to \`issuers[].caFile\``
    : `name a file with ${what} in \`issuers[].caFile\` (the chart: \`caBundle\`)`;
}

/** The names of a certificate, as its error has them; it is the server's, so it is cut and nothing of it is trusted. */
function namesOf(error: unknown): string {
  const cert: unknown =
    typeof error === 'object' && error !== null && 'cert' in error ? error.cert : undefined;
  const names: unknown =
    typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : undefined;
  return typeof names === 'string' && names !== '' ? `, but for ${names.slice(0, 200)}` : '';
}

/** What a server that speaks TLS answers to anything else: an alert (RFC 8446 section 5.1). */
function isTlsAlert(error: unknown): boolean {
  const packet: unknown =
    typeof error === 'object' && error !== null && 'rawPacket' in error ? error.rawPacket : undefined;
  return packet instanceof Uint8Array && packet[0] === 0x15 && packet[1] === 3;
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}

/** What an error is about in the end: the first of several tries, the last of several causes. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}

/** The reason that OpenSSL gives in a text such as `error:0A00010B:SSL routines:name:wrong version number:file:line:`, as a code. */
function opensslCode(text: string): string {
  const [, reason = ''] = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(text) ?? [];
  return `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? codeOf(error) : error.message;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}
