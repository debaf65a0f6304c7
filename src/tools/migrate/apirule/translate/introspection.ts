/** Translates the handler `oauth2_introspection`: verified JWTs replace the introspection endpoint. */

import { type Introspection, introspection, unknownNames } from '../read/handlers.ts';
import type { Access } from './access.ts';
import type { HandlerContext } from './handler-context.ts';
import { readTokenSource, reportScopeStrategy, scopesOf, unknownSettings } from './token-settings.ts';

const closed: Access = { kind: 'deny' };

/** Settings of the introspection request, which no longer exists. Some contain credentials, so no value is reported. */
const ofTheRequest = [
  'introspection_url',
  'introspection_request_headers',
  'pre_authorization',
  'preserve_host',
  'retry',
  'cache',
] as const;

/** Translates the handler. Tokens are verified, so the issuer must be known. */
export function introspectionAccess(config: Introspection, context: HandlerContext): Access {
  const { report, issuers, source } = context;
  unknownSettings(unknownNames(config, introspection), context);
  for (const name of ofTheRequest)
    if (config[name] !== undefined)
      report.add(
        'meaningless',
        name,
        source(name),
        'no introspection endpoint is called; the signature of the token is verified',
      );
  const isReadable = readTokenSource(config.token_from, context);
  const isPrefixed = typeof config.prefix === 'string' && config.prefix !== '';
  if (isPrefixed)
    report.refuse('prefix', source('prefix'), 'oidc-authz does not select tokens by their prefix');
  const scopes = scopesOf('required_scope', config.required_scope, context);
  reportScopeStrategy(config.scope_strategy, context);

  const trusted =
    config.trusted_issuers.length > 0 ? [...new Set(config.trusted_issuers)] : optional(context.issuer);
  if (trusted.length === 0) {
    report.refuse(
      'oauth2_introspection',
      source(),
      'oidc-authz does not support opaque tokens, and no issuer is named; if the access tokens are JWTs, pass --issuer URL and --audience NAME',
    );
    return closed;
  }
  const audiences = config.target_audience;
  const anyAudiences = audiences.length > 0 ? [] : context.audiences;
  if (audiences.length + anyAudiences.length === 0) {
    const isAccepted = report.refuse(
      'target_audience',
      source(),
      'the endpoint may reject tokens for other services, and without an audience oidc-authz cannot; pass --audience NAME',
    );
    if (!isAccepted) return closed;
  }
  const mentions = trusted.map((issuer) => ({
    issuer,
    jwksUri: undefined,
    setting: 'oauth2_introspection',
    source: source(),
  }));
  if (!mentions.map(issuers.mention).every((isTaken) => isTaken)) return closed;
  if (!isReadable || isPrefixed || scopes === undefined) return closed;
  report.add(
    'changed',
    'oauth2_introspection',
    source(),
    `only JWTs of ${trusted.join(', ')} are allowed, no opaque tokens, and a revoked token is allowed until it expires`,
  );
  return { kind: 'token', anyOf: [{ issuers: trusted, audiences, anyAudiences, scopes }] };
}

function optional(issuer: string | undefined): string[] {
  return issuer === undefined ? [] : [issuer];
}
