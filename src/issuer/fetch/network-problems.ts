/** Explains why a connection to an issuer failed, or why plain HTTP on the connection failed. */
import { isTlsAlert } from './error-details.ts';
import { type Attempt, addressAdvice, portOf, proxyAdvice } from './fetch-attempt.ts';

const unreachable = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['EHOSTUNREACH', 'there is no route to that address'],
  ['ENETUNREACH', 'there is no route to that network'],
  ['EHOSTDOWN', 'that host is down'],
  ['ETIMEDOUT', 'there is no response'],
]);

/** Explains a failure of plain HTTP and how to fix it; undefined if the code is not about HTTP. */
export function plainHttpProblem(code: string, error: unknown, attempt: Attempt): string | undefined {
  const isTls = isTlsAlert(error);
  if (isTls || code === 'ECONNRESET' || code === 'EPIPE')
    return `${isTls ? 'it uses TLS' : 'the connection was closed; the server possibly uses TLS'} on port ${portOf(attempt.url)}: write https:// instead of http:// (${addressAdvice(attempt)})`;
  if (code.startsWith('HPE_')) return `its response is not HTTP; ${addressAdvice(attempt)}`;
  return undefined;
}

/** Explains a failure to connect and how to fix it; undefined if the code is not about the network. */
export function networkProblem(code: string, attempt: Attempt): string | undefined {
  const { url, proxy } = attempt;
  const target = proxy === undefined ? `${url.hostname}:${portOf(url)}` : `the proxy ${proxy}`;
  const isName = code === 'ENOTFOUND' || code.startsWith('EAI_');
  if (isName && proxy !== undefined)
    return `the name of the proxy ${proxy} cannot be resolved; ${proxyAdvice(attempt)}`;
  if (code === 'ENOTFOUND')
    return `the name ${url.hostname} does not exist; correct it (${addressAdvice(attempt)}), or check your DNS`;
  if (isName)
    return `the name ${url.hostname} cannot be resolved at the moment; check that DNS is reachable (egress to port 53, NetworkPolicy)`;
  const why = unreachable.get(code);
  if (why !== undefined)
    return `no connection to ${target}: ${why}; ${proxy === undefined ? `${addressAdvice(attempt)}, and check that egress to it is allowed (NetworkPolicy, firewall, ServiceEntry; \`issuers[].httpsProxy\` if a proxy is needed)` : proxyAdvice(attempt)}`;
  if (code === 'EACCES' || code === 'EPERM')
    return `this machine does not allow a connection to ${target}; allow it (firewall, NetworkPolicy)`;
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'this process has too many open files and connections; raise its limit (`ulimit -n`)';
  if (code === 'ECONNRESET' || code === 'EPIPE') return `the connection to ${target} was closed`;
  if (code.startsWith('HPE_')) return `its response is not HTTP; ${addressAdvice(attempt)}`;
  return undefined;
}
