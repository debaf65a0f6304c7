/** Translates the handler `jwt` in the forms of Oathkeeper and Istio. */
import { supportedAlgorithms } from '../../../../config/declare/issuer-options.ts';
import { type IstioJwt, istioJwt, type OryJwt, oryJwt, unknownNames } from '../read/handlers.ts';
import type { Access } from './access.ts';
import type { HandlerContext } from './handler-context.ts';
import { readTokenSource, reportScopeStrategy, scopesOf, unknownSettings } from './token-settings.ts';

const closed: Access = { kind: 'deny' };

/** Translates the form of Oathkeeper. */
export function oryAccess(config: OryJwt, context: HandlerContext): Access {
  const { report, issuers, source } = context;
  unknownSettings(unknownNames(config, oryJwt), context);
  const isReadable = readTokenSource(config.token_from, context);
  const scopes = scopesOf('required_scope', config.required_scope, context);
  const algorithms = algorithmsOf(config, context);
  for (const name of ['jwks_max_wait', 'jwks_ttl'] as const)
    if (config[name] !== undefined)
      report.add('meaningless', name, source(name), 'keys are fetched before they are needed; see `keys`');
  reportScopeStrategy(config.scope_strategy, context);

  const trusted = trustedIssuers(config.trusted_issuers, context);
  if (trusted === undefined || !isReadable || scopes === undefined || algorithms === undefined) return closed;
  const mentions = trusted.map((issuer) => ({
    issuer,
    jwksUri: jwksUriOf(issuer, trusted, config.jwks_urls),
    ...(algorithms.length > 0 && { algorithms }),
    setting: 'trusted_issuers',
    source: source('trusted_issuers'),
  }));
  if (!mentions.map(issuers.mention).every((isTaken) => isTaken)) return closed;
  reportKeys(mentions, config.jwks_urls, context);
  report.add('kept', 'trusted_issuers', source('trusted_issuers'), `the issuers ${trusted.join(', ')}`);
  if (config.target_audience.length > 0)
    report.add('kept', 'target_audience', source('target_audience'), audienceText(config.target_audience));
  return {
    kind: 'token',
    anyOf: [{ issuers: trusted, audiences: config.target_audience, anyAudiences: [], scopes }],
  };
}

/** Translates the form of Istio; its authorizations are alternatives. */
export function istioAccess(config: IstioJwt, context: HandlerContext): Access {
  const { report, issuers, source } = context;
  unknownSettings(unknownNames(config, istioJwt), context);
  let isClosed = false;
  for (const [index, { fromHeaders, fromParams, fromParameters }] of config.authentications.entries()) {
    const at = source('authentications', index);
    const elsewhere = fromHeaders.filter(({ name, prefix }) => !isBearer(name, prefix ?? undefined));
    if (
      elsewhere.length > 0 &&
      !report.refuse('fromHeaders', at, elsewhereText(`the header ${elsewhere[0]?.name}`))
    )
      isClosed = true;
    if (
      fromParams.length + fromParameters.length > 0 &&
      !report.refuse('fromParams', at, elsewhereText('the query'))
    )
      isClosed = true;
  }
  const trusted = trustedIssuers(
    config.authentications.map(({ issuer }) => issuer),
    context,
  );
  if (trusted === undefined) return closed;
  const mentions = trusted.map((issuer) => ({
    issuer,
    jwksUri: config.authentications.find((one) => one.issuer === issuer)?.jwksUri ?? undefined,
    setting: 'authentications',
    source: source('authentications'),
  }));
  if (!mentions.map(issuers.mention).every((isTaken) => isTaken) || isClosed) return closed;
  report.add('kept', 'authentications', source('authentications'), `the issuers ${trusted.join(', ')}`);

  const alternatives =
    config.authorizations.length === 0 ? [{ requiredScopes: [], audiences: [] }] : config.authorizations;
  const needs = alternatives.map(({ requiredScopes, audiences }, index) => {
    const scopes = scopesOf(
      'requiredScopes',
      requiredScopes,
      context,
      'authorizations',
      index,
      'requiredScopes',
    );
    if (audiences.length > 0)
      report.add('kept', 'audiences', source('authorizations', index, 'audiences'), audienceText(audiences));
    return scopes === undefined ? undefined : { issuers: trusted, audiences, anyAudiences: [], scopes };
  });
  const usable = needs.filter((need) => need !== undefined);
  return usable.length === 0 ? closed : { kind: 'token', anyOf: usable };
}

function trustedIssuers(
  named: readonly string[],
  { report, issuer, source }: HandlerContext,
): readonly string[] | undefined {
  if (named.length > 0) return [...new Set(named)];
  if (issuer !== undefined) {
    report.add(
      'changed',
      'trusted_issuers',
      source(),
      `it names no issuer, so only tokens of ${issuer} are valid (--issuer)`,
    );
    return [issuer];
  }
  report.refuse(
    'trusted_issuers',
    source(),
    'it names no issuer, and oidc-authz verifies tokens by their issuer; pass --issuer URL',
  );
  return undefined;
}

/** The key set URL of an issuer; undefined if it is ambiguous. */
function jwksUriOf(issuer: string, issuers: readonly string[], urls: readonly string[]): string | undefined {
  if (urls.length === 1) return urls[0];
  const own = urls.filter((url) => hostOf(url) === hostOf(issuer));
  const isOnly = issuers.filter((other) => hostOf(other) === hostOf(issuer)).length === 1;
  return own.length === 1 && isOnly ? own[0] : undefined;
}

function reportKeys(
  mentions: readonly { readonly issuer: string; readonly jwksUri: string | undefined }[],
  urls: readonly string[],
  { report, source }: HandlerContext,
): void {
  if (urls.length === 0) return;
  if (urls.length === 1) {
    report.add('kept', 'jwks_urls', source('jwks_urls'), `\`jwksUri: ${urls[0]}\``);
    return;
  }
  const keys = mentions.map(
    ({ issuer, jwksUri }) => `those of ${issuer} are at ${jwksUri ?? 'the URL in its discovery document'}`,
  );
  report.add(
    'changed',
    'jwks_urls',
    source('jwks_urls'),
    `a token is verified only with the keys of its own issuer, no longer with those of all listed URLs: ${keys.join('; ')}`,
  );
}

function algorithmsOf(
  { allowed_algorithms: allowed }: OryJwt,
  { report, source }: HandlerContext,
): readonly string[] | undefined {
  if (allowed.length === 0) return [];
  const usable = allowed.filter((name) => supportedAlgorithms.some((supported) => supported === name));
  const at = source('allowed_algorithms');
  if (
    usable.length < allowed.length &&
    !report.refuse('allowed_algorithms', at, 'HMAC algorithms and `none` are never accepted')
  )
    return undefined;
  if (usable.length === 0) return undefined;
  report.add('kept', 'allowed_algorithms', at, `\`algorithms: [${usable.join(', ')}]\` of the issuer`);
  return usable;
}

function audienceText(audiences: readonly string[]): string {
  return audiences.length === 1
    ? `the audience ${audiences[0]}`
    : `the audiences ${audiences.join(' and ')}, all of them`;
}

function elsewhereText(place: string): string {
  return `v1beta1 reads the token from ${place}, and oidc-authz only from \`authorization: Bearer\``;
}

function isBearer(name: string, prefix: string | undefined): boolean {
  return name.toLowerCase() === 'authorization' && (prefix ?? 'Bearer ').trim().toLowerCase() === 'bearer';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
