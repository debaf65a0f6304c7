/** The settings of the Kyma tutorial with oauth2-proxy, and their migration. */
import { migrateOauth2Proxy } from '../../src/tools/migrate/oauth2-proxy/migrate.ts';

/** The values of the tutorial as flags, with another issuer and client. */
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

/** The configuration for flags in YAML, with `compat: oauth2-proxy`. */
export function migratedConfiguration(flags: readonly string[]): string {
  const { output, report } = migrateOauth2Proxy(
    { files: [], commandLine: flags, environment: {} },
    { output: 'config', accept: [], compat: true },
  );
  if (output === '') throw new Error(report);
  return output;
}
