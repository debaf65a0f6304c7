/** The probes of the canary: each sends one request, and judges what the workload and the client saw. */
import { denialHeaders } from '../../config/rules/entry-headers.ts';
import { decisionHeader } from '../../model/decision.ts';
import type { HeaderLine } from '../../runtime/raw-headers.ts';
import type { OneResponse } from '../http-client.ts';
import type { ForgedHeader } from './forged-headers.ts';

/** Sends a GET request with these headers, in this order and spelling. Rejects if no response arrives in time. */
export type SendCanary = (path: string, headers: readonly HeaderLine[]) => Promise<OneResponse>;

/** The result of a probe. `unknown`: the probe could not test anything, for example because the token was denied. */
export interface ProbeResult {
  readonly probe: string;
  readonly result: 'passed' | 'warning' | 'failed' | 'unknown';
  readonly found: string;
  /** How to fix it; absent for a probe that passed. */
  readonly fix?: string;
}

/** The settings of the probes. */
export interface ProbeOptions {
  readonly send: SendCanary;
  readonly path: string;
  /** A path that needs no token; undefined if there is none. */
  readonly anonymousPath: string | undefined;
  readonly token: string;
  /** The identity headers that the service sets, in lower case. */
  readonly setHeaders: readonly string[];
  readonly forged: readonly ForgedHeader[];
  /** Letters and digits that mark the requests of this run. */
  readonly nonce: string;
}

/** The header that shows whether a request reached the workload. */
const marker = 'x-oidc-authz-canary';

/** The number of forged headers in a request. Envoy accepts 100 headers by default. */
const batch = 60;

/** Runs the probes, one after the other. Rejects if the URL does not respond. */
export async function runProbes(options: ProbeOptions): Promise<readonly ProbeResult[]> {
  const { token, forged, anonymousPath } = options;
  const bearer = ['authorization', `Bearer ${token}`] as const;
  const ask = (headers: readonly HeaderLine[], path = options.path) =>
    options.send(path, [[marker, options.nonce], ...headers]);

  /** Sends the forged headers, in as many requests as they need. Returns the first response that is a problem. */
  const askForged = async (
    probe: string,
    headers: readonly HeaderLine[],
    judge: (probe: string, response: OneResponse, options: ProbeOptions) => ProbeResult,
    path?: string,
  ): Promise<ProbeResult> => {
    let judged: ProbeResult = { probe, result: 'passed', found: 'the configuration has no identity headers' };
    for (let from = 0; from < forged.length && judged.result === 'passed'; from += batch) {
      const lines = forged.slice(from, from + batch).map(({ name, value }) => [name, value] as const);
      judged = judge(probe, await ask([...headers, ...lines], path), options);
    }
    return judged;
  };

  const allowed = await ask([bearer]);
  const judgedAllowed = judgeValidToken(allowed, options);
  const withoutToken = await ask([]);
  const denied = async (probe: string, other: string) =>
    judgeDenied(probe, await ask([['authorization', `Bearer ${other}`]]), options);
  const results: ProbeResult[] = [
    judgedAllowed,
    judgeDenied('a request without a token', withoutToken, options),
    await askForged('no token, forged identity headers', [], judgeDenied),
    await denied('a token with another signature', withOtherSignature(token)),
    await denied('a token with alg none', withoutSignature(token)),
    judgeDenialHeaders(withoutToken, options),
  ];
  if (judgedAllowed.result === 'passed')
    results.push(
      await askForged('a valid token, forged identity headers', [bearer], judgeForged),
      judgeIdentity(allowed, options),
    );
  if (anonymousPath !== undefined)
    results.push(
      await askForged(
        'no token on the anonymous path, forged identity headers',
        [],
        judgeForged,
        anonymousPath,
      ),
    );
  return results;
}

function headerOf({ headers }: OneResponse, name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

function hasReached({ body }: OneResponse, { nonce }: ProbeOptions): boolean {
  return body.includes(nonce);
}

function judgeValidToken(response: OneResponse, options: ProbeOptions): ProbeResult {
  const probe = 'a valid token';
  if (hasReached(response, options))
    return { probe, result: 'passed', found: 'the request reached the workload' };
  const { status } = response;
  const id = headerOf(response, decisionHeader);
  if (status === 401 || status === 403 || status === 400)
    return {
      probe,
      result: 'unknown',
      found: `status ${status}${id === undefined ? '' : `, decision ${id}`}`,
      fix:
        id === undefined
          ? 'the token or the request is denied, possibly by another component; use a valid token, and run oidc-authz doctor'
          : `the authorizer denies the token; run oidc-authz explain ${id} --admin URL`,
    };
  return {
    probe,
    result: 'unknown',
    found: `status ${status}, and the body does not show the headers of the request`,
    fix: `give the URL of a workload that returns its request headers, such as oidc-authz canary --listen`,
  };
}

function judgeDenied(probe: string, response: OneResponse, options: ProbeOptions): ProbeResult {
  const { status } = response;
  if (hasReached(response, options))
    return {
      probe,
      result: 'failed',
      found: `status ${status}: the request reached the workload`,
      fix: 'the mesh does not ask the authorizer about this request, or it fails open; run oidc-authz doctor, and read docs/wrong-allow.md',
    };
  if (status === 401 || status === 403) return { probe, result: 'passed', found: `status ${status}` };
  return {
    probe,
    result: 'failed',
    found: `status ${status}; expected 401`,
    fix: 'another component answers, or Envoy gets no answer from the authorizer; read docs/proxy-errors.md',
  };
}

function judgeForged(probe: string, response: OneResponse, options: ProbeOptions): ProbeResult {
  if (!hasReached(response, options)) {
    // Some proxies reject every request with underscores in header names. Then no forged header reaches the workload.
    const isRejected = response.status === 400;
    return {
      probe,
      result: isRejected ? 'passed' : 'unknown',
      found: isRejected ? 'status 400: the proxy rejects such headers' : `status ${response.status}`,
      ...(!isRejected && { fix: 'the request must reach the workload; check the path' }),
    };
  }
  const passed = options.forged.filter(({ value }) => response.body.includes(value));
  // Proxies write names in lower case.
  const seen = new Set(passed.map(({ name }) => name.toLowerCase()));
  if (seen.size === 0)
    return { probe, result: 'passed', found: 'the workload saw none of the forged values' };
  return {
    probe,
    result: 'failed',
    found: `the workload saw the forged ${[...seen].join(', ')}`,
    fix: 'list the identity headers in headersToUpstreamOnAllow (Kyma: headers.toUpstream.onAllow) of the provider, or set identityHeaders: remove; oidc-authz generate prints the list',
  };
}

function judgeIdentity(response: OneResponse, { setHeaders }: ProbeOptions): ProbeResult {
  const probe = 'the identity headers of a valid token';
  const body = response.body.toLowerCase();
  const missing = setHeaders.filter((name) => !body.includes(`"${name}"`));
  if (setHeaders.length === 0) return { probe, result: 'passed', found: 'the configuration sets none' };
  if (missing.length === 0)
    return { probe, result: 'passed', found: `the workload saw ${setHeaders.join(', ')}` };
  const hasSome = missing.length < setHeaders.length;
  return {
    probe,
    result: hasSome ? 'warning' : 'failed',
    found: `the workload did not see ${missing.join(', ')}`,
    fix: hasSome
      ? 'the token does not have these claims, or the provider does not list these headers in headersToUpstreamOnAllow (Kyma: headers.toUpstream.onAllow)'
      : 'list them in headersToUpstreamOnAllow (Kyma: headers.toUpstream.onAllow) of the provider; oidc-authz generate prints the list',
  };
}

function judgeDenialHeaders(response: OneResponse, options: ProbeOptions): ProbeResult {
  const probe = 'the headers of a denial';
  if (hasReached(response, options) || response.status !== 401)
    return { probe, result: 'unknown', found: 'there was no denial with status 401' };
  const missing = denialHeaders.filter(
    (name) => name !== 'retry-after' && headerOf(response, name) === undefined,
  );
  if (missing.length === 0) return { probe, result: 'passed', found: 'the client received all of them' };
  return {
    probe,
    result: 'warning',
    found: `the client did not receive ${missing.join(', ')}`,
    fix: 'list them in headersToDownstreamOnDeny (Kyma: headers.toDownstream.onDeny) of the provider, or remove that list; oidc-authz generate prints it',
  };
}

/** The token with another signature of the same length. */
function withOtherSignature(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const other = bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
  return [header, payload, Buffer.from(other).toString('base64url')].join('.');
}

function withoutSignature(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  return `${header}.${token.split('.')[1] ?? ''}.`;
}
