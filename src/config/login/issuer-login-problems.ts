/** Checks the options of an issuer that signs people in, together with the other options of the issuer. */
import { isMapping, type Mapping } from '../values/mapping.ts';
import { isLoopback } from '../values/urls.ts';

/** Reports a problem at an option below `issuers[].login`. */
export type ReportProblem = (path: readonly (string | number)[], message: string) => void;

/** The files that each method of client authentication needs. */
const filesOfMethods: Readonly<Record<string, readonly string[]>> = {
  client_secret_basic: ['clientSecretFile'],
  client_secret_post: ['clientSecretFile'],
  private_key_jwt: ['privateKeyFile'],
  tls_client_auth: ['certFile', 'keyFile'],
  client_assertion: ['clientAssertionFile'],
  none: [],
};

/** The options that authenticate the client, each with the method that uses it. */
const methodOfFiles: Readonly<Record<string, string>> = {
  clientSecretFile: 'client_secret_basic',
  privateKeyFile: 'private_key_jwt',
  certFile: 'tls_client_auth',
  keyFile: 'tls_client_auth',
  clientAssertionFile: 'client_assertion',
};

const requiredEndpoints = ['authorizationEndpoint', 'tokenEndpoint'] as const;
const endpoints = [...requiredEndpoints, 'endSessionEndpoint', 'revocationEndpoint'] as const;

const sourcesWithoutDiscovery = ['jwksUri', 'jwks', 'jwksFile', 'publicKeyFiles'] as const;

/** The method that is set, or the only one whose files are set; undefined if neither is there. */
function methodOf(login: Mapping): string | undefined {
  if (typeof login.clientAuthentication === 'string') return login.clientAuthentication;
  const methods = new Set(
    Object.keys(methodOfFiles).flatMap((file) => (login[file] === undefined ? [] : methodOfFiles[file])),
  );
  const [only, ...more] = methods;
  return more.length === 0 ? only : undefined;
}

/** Checks one issuer. It also runs if single options are invalid, so it must not trust any type. */
export function checkIssuerLogin(issuer: Mapping, report: ReportProblem): void {
  const { login } = issuer;
  if (!isMapping(login)) return;
  checkClientAuthentication(login, report);
  checkEndpoints(login, issuer, report);
  checkRequest(login, report);
}

function checkClientAuthentication(login: Mapping, report: ReportProblem): void {
  const set = Object.keys(methodOfFiles).filter((file) => login[file] !== undefined);
  const method = methodOf(login);
  if (method === undefined) {
    report(
      [set[1] ?? 'clientAuthentication'],
      set.length === 0
        ? 'missing; set `clientSecretFile` or another file that authenticates the client, or `clientAuthentication: none` for a public client'
        : `${set[0]} authenticates the client too; keep one of the two, or set clientAuthentication`,
    );
    return;
  }
  // The method may be any text.
  const needed = Object.hasOwn(filesOfMethods, method) ? filesOfMethods[method] : undefined;
  if (needed === undefined) return;
  for (const file of needed)
    if (login[file] === undefined) report([file], `missing; clientAuthentication: ${method} needs it`);
  for (const file of set)
    if (!needed.includes(file))
      report([file], `has no effect with clientAuthentication: ${method}; remove one of the two`);
  if (login.privateKeyId !== undefined && method !== 'private_key_jwt')
    report(['privateKeyId'], `has no effect with clientAuthentication: ${method}; remove it`);
}

function checkEndpoints(login: Mapping, issuer: Mapping, report: ReportProblem): void {
  const source = sourcesWithoutDiscovery.find((name) => issuer[name] !== undefined);
  if (source === undefined) {
    for (const name of endpoints)
      if (login[name] !== undefined)
        report([name], 'comes from the discovery document of this issuer; remove it');
    return;
  }
  for (const name of requiredEndpoints)
    if (login[name] === undefined)
      report([name], `missing; with ${source}, nothing is discovered; set it to the URL of the endpoint`);
  for (const name of endpoints)
    if (isPlainHttp(login[name]) && issuer.insecureHttp !== true)
      report([name], 'plain http:// is not safe; use https://, or set `insecureHttp: true`');
  if (login.pushedRequests === 'always')
    report(['pushedRequests'], `needs the discovery document of the issuer; remove it, or remove ${source}`);
}

function checkRequest({ scopes, resources }: Mapping, report: ReportProblem): void {
  if (Array.isArray(scopes) && !scopes.includes('openid'))
    report(
      ['scopes'],
      'must have `openid`, because a login needs an ID token (OpenID Connect Core section 3.1.2.1); add it',
    );
  for (const [index, resource] of (Array.isArray(resources) ? resources : []).entries())
    if (
      typeof resource === 'string' &&
      resource !== '' &&
      (!URL.canParse(resource) || resource.includes('#'))
    )
      report(['resources', index], 'must be an absolute URI without a fragment (RFC 8707 section 2)');
}

function isPlainHttp(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url?.protocol === 'http:' && !isLoopback(url);
}
