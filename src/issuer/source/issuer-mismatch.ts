/** Explains a discovery document that names another issuer than the configuration. */

/** The longest published issuer that is compared, in characters. The issuer decides about the length. */
const maxCompared = 1_024;

/**
 * Explains the difference and how to fix it.
 *
 * @param issuer the configured issuer
 * @param jwksUri the document's key set, if it may be used
 */
export function issuerMismatch(
  issuer: string,
  document: Readonly<Record<string, unknown>>,
  jwksUri: string | undefined,
): string {
  const { issuer: published, access_token_issuer: accessTokenIssuer } = document;
  const skip = `set \`jwksUri: ${jwksUri ?? 'URL'}\`, which skips the document`;
  if (typeof published !== 'string')
    return `does not name an issuer; check \`issuer\` or \`discoveryUri\`, or ${skip}`;
  const mismatch = `names the issuer ${quoted(published)} instead of ${quoted(issuer)}`;
  if (published.length > maxCompared) return `${mismatch}; check \`issuer\`, or ${skip}`;
  if (accessTokenIssuer === issuer)
    return `${mismatch}; it names the configured one as the issuer of its access tokens (\`access_token_issuer\`, as AD FS does): ${skip}`;
  if (/\{[^}]*\}/.test(published))
    return `${mismatch}; that is a template for many tenants, and a token carries the issuer of its own tenant: set \`issuer\` to that, with the tenant's id instead of ${quoted(placeholderOf(published))}`;
  const differences = differencesOf(issuer, published);
  if (differences !== undefined) {
    const isDowngrade = issuer.startsWith('https:') && published.startsWith('http:');
    return isDowngrade
      ? `${mismatch}; the two differ only by ${differences}: the issuer does not know that it is reached over https://. Set its public address there (Keycloak: \`hostname\`, and \`proxy-headers\` behind a proxy). If its tokens carry ${quoted(published)}, set \`issuer\` to that and ${skip}`
      : `${mismatch}; the two differ only by ${differences}, and tokens most likely carry the published one: write \`issuer: ${quoted(published)}\``;
  }
  return `${mismatch}; if tokens carry ${quoted(published)} in \`iss\`, set \`issuer\` to that; if they carry the configured one, ${skip}`;
}

/** Names the only differences between two spellings of the same issuer; undefined if the issuers differ. */
function differencesOf(configured: string, published: string): string | undefined {
  const steps: readonly (readonly [string, (text: string) => string])[] = [
    ['white space at the start or the end', (text) => text.trim()],
    ['http:// and https://', (text) => text.replace(/^https?:\/\//i, 'https://')],
    ['upper and lower case', (text) => text.toLowerCase()],
    ['the default port', (text) => text.replace(/^(https?:\/\/[^/?#]*?):(80|443)(?=[/?#]|$)/i, '$1')],
    ['a final slash', (text) => text.replace(/\/+$/, '')],
  ];
  const apply = (text: string, some: typeof steps) => some.reduce((result, [, step]) => step(result), text);
  if (apply(configured, steps) !== apply(published, steps)) return undefined;
  const needed = steps.filter((step) => {
    const others = steps.filter((other) => other !== step);
    return apply(configured, others) !== apply(published, others);
  });
  return needed.map(([name]) => name).join(' and ');
}

function placeholderOf(text: string): string {
  return /\{[^}]*\}/.exec(text)?.[0] ?? '';
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(0, 200);
}
