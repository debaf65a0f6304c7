/** What to do where a discovery document names another issuer than the configuration. */

/** Says of a document, which has to repeat the configured issuer to the letter, how it does not, and what mends it. */
export function otherIssuerProblem(
  issuer: string,
  document: Readonly<Record<string, unknown>>,
  jwksUri: string | undefined,
): string {
  const { issuer: published, access_token_issuer: accessTokenIssuer } = document;
  const skip = `set \`jwksUri: ${jwksUri ?? 'URL'}\`, which skips the document`;
  if (typeof published !== 'string')
    return `names no issuer; check \`issuer\` or \`discoveryUri\`, or ${skip}`;
  const said = `is of the issuer ${quoted(published)}, not ${quoted(issuer)}`;
  if (accessTokenIssuer === issuer)
    return `${said}; it names the configured one as the issuer of its access tokens (\`access_token_issuer\`, as AD FS does): ${skip}`;
  if (/\{[^}]*\}/.test(published))
    return `${said}; that is a template for many tenants, and tokens carry the issuer of their own tenant: write that as \`issuer\`, with the tenant's id instead of ${quoted(placeholderOf(published))}`;
  const differences = differencesOf(issuer, published);
  if (differences !== undefined) {
    const mend = `tokens most likely carry it as it stands there: write \`issuer: ${quoted(published)}\``;
    const isDowngrade = issuer.startsWith('https:') && published.startsWith('http:');
    return isDowngrade
      ? `${said}; the two differ only by ${differences}: the issuer does not know that it is reached over https://. Tell it its public address (Keycloak: \`hostname\`, and \`proxy-headers\` behind a proxy); or, if tokens are to carry ${quoted(published)}, write that as \`issuer\` and ${skip}`
      : `${said}; the two differ only by ${differences}, and ${mend}`;
  }
  return `${said}; if tokens carry ${quoted(published)} in \`iss\`, write that as \`issuer\`; if they carry the configured one, ${skip}`;
}

/** The ways in which two texts name the same issuer to everybody but who compares them to the letter; undefined if they do not. */
function differencesOf(configured: string, published: string): string | undefined {
  const steps: readonly (readonly [string, (text: string) => string])[] = [
    ['white space at an end', (text) => text.trim()],
    ['http:// and https://', (text) => text.replace(/^https?:\/\//i, 'https://')],
    ['upper and lower case', (text) => text.toLowerCase()],
    [
      'a port that is the usual one',
      (text) => text.replace(/^(https?:\/\/[^/?#]*?):(80|443)(?=[/?#]|$)/i, '$1'),
    ],
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
