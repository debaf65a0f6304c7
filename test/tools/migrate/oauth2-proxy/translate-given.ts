/** What an installation of oauth2-proxy was told, made up for a test, and what becomes of it. */

import type { Config, IssuerConfig } from '../../../../src/config/declare/options.ts';
import { createClaimRequirements } from '../../../../src/credential/token/claim-requirements.ts';
import type { Facts } from '../../../../src/credential/token/facts.ts';
import type { Claims } from '../../../../src/model/identity.ts';
import type { Finding } from '../../../../src/tools/migrate/finding.ts';
import {
  type MigrationResult,
  migrateOauth2Proxy,
} from '../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import type { Given, GivenSetting } from '../../../../src/tools/migrate/oauth2-proxy/read/settings.ts';
import { translate } from '../../../../src/tools/migrate/oauth2-proxy/translate/translate.ts';
import { configOf } from '../../../support/app.ts';

/** The values of flags. */
export type Flags = Readonly<Record<string, GivenSetting['value'] | undefined>>;

/** The least that guards anything, with nothing to remark. */
export const base: Flags = {
  'client-id': 'orders',
  'oidc-issuer-url': 'https://issuer.example.com',
  provider: 'oidc',
  'email-domain': ['*'],
  'skip-jwt-bearer-tokens': true,
  'force-json-errors': true,
  'set-xauthrequest': true,
  upstream: ['static://200'],
};

/** Flags as they were given; those of `base` go with them, and `undefined` takes one of these out. */
export function givenOf(flags: Flags = {}, more: Partial<Given> = {}): Given {
  const settings = Object.entries({ ...base, ...flags }).flatMap(([flag, value]) =>
    value === undefined ? [] : [[flag, { flag, value, source: `values.yaml:1:1 ${flag}` }] as const],
  );
  return {
    settings: new Map(settings),
    injectedHeaders: undefined,
    findings: [],
    authenticatedEmails: undefined,
    problems: [],
    ...more,
  };
}

/** What is printed; everything that is refused is accepted. */
export function migrated(
  given: Given,
  options: Partial<Omit<Parameters<typeof migrateOauth2Proxy>[0], 'given'>> = {},
): MigrationResult {
  const accept = translate(given, false)
    .findings.filter(({ verdict }) => verdict === 'refused')
    .map(({ setting }) => setting);
  return migrateOauth2Proxy({ given, output: 'config', accept, ...options });
}

/** The configuration, as the service reads it from what is printed. */
export function configFrom(flags: Flags = {}, more: Partial<Given> = {}): Promise<Config> {
  return configOf(migrated(givenOf(flags, more)).output);
}

/** Whether an issuer's token with these claims passes. */
export function lets(issuer: IssuerConfig | undefined, claims: Claims): boolean {
  if (issuer === undefined) throw new TypeError('no such issuer');
  return createClaimRequirements(issuer)({ payload: JSON.stringify(claims) } as Facts) === undefined;
}

/** What becomes of one setting: the verdict and the text. */
export function findingOf(setting: string, flags: Flags = {}, more: Partial<Given> = {}): Finding {
  const found = translate(givenOf(flags, more), false).findings.filter((one) => one.setting === setting);
  if (found.length !== 1) throw new Error(`${found.length} findings for ${setting}`);
  return found[0] as Finding;
}

/** The problems of what cannot be translated, as `path: message`. */
export function problemsOf(flags: Flags = {}, more: Partial<Given> = {}): readonly string[] {
  const translation = translate(givenOf(flags, more), false);
  const { problems, lacking } = 'problems' in translation ? translation : { problems: [], lacking: [] };
  return (problems.length > 0 ? problems : lacking).map(({ path, message }) => `${path}: ${message}`);
}
