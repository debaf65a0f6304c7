/** Masks a configuration and texts, so that a user can publish them. */
import { dotted, listOptions, type OptionInfo } from '../../config/describe/option-list.ts';
import { maskUrls } from '../../config/values/quote-value.ts';

/** The replacement of a value. */
const mask = '***';

function ofLogin(name: string): string {
  return `login.${name}`;
}

/** The text options that are shown: names and places. Every other text is masked, such as an option that is added later. */
const shownTexts: ReadonlySet<string> = new Set([
  ...[
    'issuer',
    'name',
    'audiences',
    'audienceClaims',
    'jwksUri',
    'jwksFile',
    'publicKeyFiles',
    'discoveryUri',
  ]
    .concat(['algorithms', 'keyUses', 'tokenTypes', 'requiredScopes', 'email.claim', 'email.fallbackClaim'])
    .concat(['groups.claim', 'caFile', 'httpsProxy'])
    .concat(['clientId', 'clientSecretFile', 'clientAssertionFile', 'privateKeyFile'].map(ofLogin))
    .concat(['privateKeyId', 'certFile', 'keyFile', 'label', 'scopes', 'resources'].map(ofLogin))
    .concat(['authorizationEndpoint', 'tokenEndpoint'].map(ofLogin))
    .concat(['endSessionEndpoint', 'revocationEndpoint'].map(ofLogin))
    .map((name) => `issuers[].${name}`),
  ...['name', 'match.hosts', 'match.paths', 'match.methods', 'match.addresses', 'require.issuers']
    .concat([
      'require.login',
      'require.audiences',
      'require.scopes',
      'require.scopesFromHeader',
      'require.anyScopes',
    ])
    .concat(['outputClaimToHeaders[].header', 'outputClaimToHeaders[].claim'])
    .map((name) => `rules[].${name}`),
  ...[
    'outputClaimToHeaders[].header',
    'outputClaimToHeaders[].claim',
    'outputTokenToHeader',
    'trustedHeaders',
  ],
  ...['policies[].name', 'policies[].pathPrefix', 'grpcPolicy', 'clientAddress.header'],
  ...[
    'clientAddress.trustedProxies',
    'clientCertificates.trustedProxyUri',
    'shadow.authorizer',
    'dpop.origins',
  ],
  ...['host', 'pathPrefix', 'tls.certFile', 'tls.keyFile', 'tls.clientCaFile', 'tls.cipherSuites'].flatMap(
    (name) => ['http', 'grpc', 'admin', 'login.listener'].map((listener) => `${listener}.${name}`),
  ),
  ...['hosts', 'host', 'httpHosts', 'issuers', 'afterSignOut', 'cors'].map((name) => `login.${name}`),
  ...['prefix', 'callback', 'start', 'signOut', 'user'].map((name) => `login.paths.${name}`),
  ...['sessions.keysFile', 'sessions.cookie.name', 'sessions.cookie.domain', 'state.keysFile'],
  ...['urls', 'masterName', 'prefix', 'caFile', 'certFile', 'keyFile']
    .concat(['usernameFile', 'passwordFile', 'sentinelUsernameFile', 'sentinelPasswordFile'])
    .map((name) => `state.valkey.${name}`),
  ...['admin.tokenFile', 'denyList.file', 'log.excludePaths', 'log.requestIdHeader'],
]);

/** The titles of options whose values are words, durations and sizes. */
const fixedTitle = /^(one of |the word |a duration |a size |true$|401 or 403$|auto, true or false$)/;

/** Whether the value of an option is shown. */
export function isShown({ kind, title, path }: OptionInfo): boolean {
  if (kind === 'number' || kind === 'boolean' || fixedTitle.test(title)) return true;
  return shownTexts.has(dotted(path).replace(/^policies\[\]\.rules/, 'rules'));
}

/**
 * Masks a configuration in its written form. Claim values, header values, expressions, key sets and addresses of persons become `***`;
 * names of claims and headers stay.
 */
export function maskConfig(config: unknown): unknown {
  const shown = leafOptions();
  const masked = (value: unknown, path: string): unknown => {
    const isVisible = shown.get(path);
    if (isVisible !== undefined) return isVisible ? value : hide(value);
    if (Array.isArray(value)) return value.map((member) => masked(member, `${path}[]`));
    if (typeof value !== 'object' || value === null) return hide(value);
    return mapMembers(value, (member, name) => masked(member, path === '' ? name : `${path}.${name}`));
  };
  return masked(config, '');
}

/** Each option that is not a group of options, and whether its value is shown. */
function leafOptions(): ReadonlyMap<string, boolean> {
  const options = listOptions();
  const isGroup = ({ path }: OptionInfo) =>
    options.some((other) => dotted(other.path).startsWith(`${dotted(path)}[].`));
  return new Map(
    options.filter((option) => !isGroup(option)).map((option) => [dotted(option.path), isShown(option)]),
  );
}

function hide(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return value;
  if (Array.isArray(value)) return value.map(hide);
  return typeof value === 'object' ? mapMembers(value, hide) : mask;
}

/**
 * Masks every text of a value: user names, passwords and queries of URLs, values that messages quote, and messages about options whose
 * values are masked.
 */
export function maskTexts(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskTexts);
  return typeof value === 'object' && value !== null ? mapMembers(value, maskTexts) : value;
}

/** Masks the message of a problem if it can quote the value of a masked option, such as an expression. */
export function maskMessage(path: string, message: string): string {
  const name = path.replaceAll(/\[\d+\]/g, '[]');
  const isMasked = maskedOptions().some(
    (option) => `${name}.`.startsWith(`${option}.`) || `${name}[`.startsWith(`${option}[`),
  );
  return isMasked ? `${mask} (the message can quote the value)` : message;
}

function maskedOptions(): readonly string[] {
  return [...leafOptions()].flatMap(([name, isVisible]) => (isVisible ? [] : [name]));
}

/** A problem in the text of several, as `  - rules[0].name (file:1:2): message`. */
const listedProblem = /^( {2}- ([\w.[\]]+)(?: \([^)]*\))?: )([\s\S]*)$/;

function maskText(text: string): string {
  const entries = text
    .split(/\n(?= {2}- )/)
    .map((entry) =>
      entry.replace(listedProblem, (_, place, path, message) => place + maskMessage(path, message)),
    );
  return maskUrls(entries.join('\n'))
    .replaceAll(/(?<=[a-z0-9+.-]):\/\/[^\s"'`]+/gi, (url) => url.replace(/[?#].*$/s, `?${mask}`))
    .replaceAll(/\bgot ".*"/g, `got "${mask}"`);
}

function mapMembers(value: object, map: (member: unknown, name: string) => unknown): unknown {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, map(member, name)]));
}
