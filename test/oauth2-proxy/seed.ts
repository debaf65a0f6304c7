/** The settings of the Kyma way with oauth2-proxy, and what they become here. */

/** The values of the tutorial as flags, with an issuer and a client of one's own. */
export function seedFlags(issuer: string, clientId: string): string[] {
  return [
    `--client-id=${clientId}`,
    '--client-secret=not-used',
    '--cookie-secret=0123456789abcdef0123456789abcdef',
    '--auth-logging=true',
    '--cookie-domain=example.com',
    '--cookie-samesite=lax',
    '--cookie-secure=false',
    '--force-json-errors=true',
    '--login-url=static://401',
    `--oidc-issuer-url=${issuer}`,
    '--pass-access-token=true',
    '--pass-authorization-header=true',
    '--pass-host-header=true',
    '--pass-user-headers=true',
    '--provider=oidc',
    '--request-logging=true',
    '--reverse-proxy=true',
    '--scope=openid email',
    '--set-authorization-header=true',
    '--set-xauthrequest=true',
    '--skip-jwt-bearer-tokens=true',
    '--skip-oidc-discovery=false',
    '--skip-provider-button=true',
    '--standard-logging=true',
    '--upstream=static://200',
    '--whitelist-domain=*.example.com:*',
  ];
}

/** The configuration that flags become, in YAML. */
export function migratedConfiguration(flags: readonly string[]): string {
  const valuesOf = (name: string) =>
    flags.filter((f) => f.startsWith(`--${name}=`)).map((f) => f.slice(name.length + 3));
  const [issuer] = valuesOf('oidc-issuer-url');
  const [client] = valuesOf('client-id');
  const domains = valuesOf('email-domain').filter((d) => d !== '*');
  const groups = valuesOf('allowed-group');
  const claims = valuesOf('oidc-audience-claim');
  const entry = {
    issuer,
    audiences: [client],
    name: 'main',
    email: {
      fallbackClaim: 'sub',
      requireVerified: true,
      ...(domains.length && { allowedDomains: domains }),
    },
    ...(groups.length && { groups: { allowed: groups } }),
    ...(claims.length && { audienceClaims: claims, audienceClaimsUsed: 'first' }),
  };
  const config = {
    issuers: [entry],
    compat: 'oauth2-proxy',
    compatInvalidTokenStatus: flags.includes('--bearer-token-login-fallback=false') ? 403 : 401,
    setAuthorizationHeader: true,
    outputTokenToHeader: 'x-auth-request-access-token',
    outputClaimToHeaders: [
      { header: 'x-auth-request-user', claim: 'sub' },
      { header: 'x-auth-request-email', from: 'email' },
      { header: 'x-auth-request-groups', from: 'groups' },
      { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
    ],
    ...(valuesOf('skip-auth-route').length && {
      noRuleMatches: 'token',
      rules: [
        { name: 'preflight', match: { methods: ['OPTIONS'] }, allow: 'anonymous' },
        { name: 'public', match: { paths: ['/public/{**}'] }, allow: 'anonymous' },
      ],
    }),
  };
  return Object.entries(config)
    .map(([k, v]) => `${k}: ${JSON.stringify(v)}`)
    .join('\n');
}
