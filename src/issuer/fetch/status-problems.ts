/** Explains an HTTP status other than 200 of an issuer or a proxy. */
import { type Attempt, addressAdvice, portOf, proxyAdvice } from './fetch-attempt.ts';

/** Explains the status of a response and how to fix it. @param text the message without an explanation */
export function statusProblem(status: number, text: string, attempt: Attempt): string {
  if (status === 407 && attempt.proxy !== undefined)
    return `${passwordProblem(attempt.proxy, '407 instead of 200')}; ${passwordAdvice(attempt)}`;
  const advice = statusAdvice(status, attempt);
  return advice === undefined ? text : `status ${status} instead of 200; ${advice}`;
}

/** Explains why a proxy did not open a tunnel (CONNECT). */
export function tunnelProblem(status: number | undefined, attempt: Attempt): string {
  const { proxy = '', url } = attempt;
  if (status === 407) return `${passwordProblem(proxy, '407')}; ${passwordAdvice(attempt)}`;
  const answer = status === undefined ? '' : ` with status ${status}`;
  return `the proxy ${proxy} rejects the connection to ${url.host}${answer}; allow it there, or ${attempt.isProxyOfEnvironment ? `add ${url.hostname} to NO_PROXY` : 'remove `issuers[].httpsProxy`'} if no proxy is needed`;
}

function statusAdvice(status: number, attempt: Attempt): string | undefined {
  if (status === 401 || status === 403)
    return `it requires credentials, or rejects requests from this network; use an address that is open without credentials: ${addressAdvice(attempt)}`;
  if (status === 400 && attempt.url.protocol === 'http:')
    return `a server that uses TLS on port ${portOf(attempt.url)} can respond with this status to http://; try https://, or ${addressAdvice(attempt)}`;
  if (status === 404 || status === 405 || status === 410 || status === 400)
    return `nothing is served there; ${addressAdvice(attempt)}${attempt.option === 'issuer' ? '. The path of `issuer` may be incomplete' : ''}`;
  if (status === 429)
    return 'it receives too many requests; raise `keys.refreshInterval` and `keys.minRefreshInterval`';
  if (status >= 500)
    return attempt.proxy === undefined
      ? 'the issuer, or a proxy in front of it, fails; this service retries'
      : `the issuer or the proxy ${attempt.proxy} fails; this service retries`;
  return undefined;
}

function passwordProblem(proxy: string, status: string): string {
  return `the proxy ${proxy} requires a user name and a password (status ${status})`;
}

function passwordAdvice(attempt: Attempt): string {
  return `${proxyAdvice(attempt)}, and write it as http://USER:PASSWORD@HOST:PORT`;
}
