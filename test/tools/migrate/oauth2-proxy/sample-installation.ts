/** A sample installation of oauth2-proxy, and its translation. */

import type { Config, IssuerConfig } from '../../../../src/config/declare/options.ts';
import { createClaimRequirements } from '../../../../src/credential/token/claim-requirements.ts';
import type { Facts } from '../../../../src/credential/token/facts.ts';
import type { Claims } from '../../../../src/model/identity.ts';
import type { Finding } from '../../../../src/tools/migrate/finding.ts';
import type { Installation } from '../../../../src/tools/migrate/oauth2-proxy/merge/installation.ts';
import {
  type MigrationOptions,
  migrateInstallation,
} from '../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import type { Setting } from '../../../../src/tools/migrate/oauth2-proxy/read/setting.ts';
import type { MigrationResult } from '../../../../src/tools/migrate/oauth2-proxy/report/result.ts';
import { translate } from '../../../../src/tools/migrate/oauth2-proxy/translate/translate.ts';
import { configOf } from '../../../support/app.ts';

/** The values of flags. */
export type Flags = Readonly<Record<string, Setting['value'] | undefined>>;

/** The minimal settings without any remark in the report. */
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

/** An installation with the flags of `base` and further ones; `undefined` removes a flag. */
export function installationOf(flags: Flags = {}, more: Partial<Installation> = {}): Installation {
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

/** The result with all refused settings accepted. */
export function migrated(
  installation: Installation,
  options: Partial<MigrationOptions> = {},
): MigrationResult {
  const accept = translate(installation, false)
    .findings.filter(({ verdict }) => verdict === 'refused')
    .map(({ setting }) => setting);
  return migrateInstallation(installation, { output: 'config', accept, ...options });
}

/** The configuration that the service reads from the output. */
export function configFrom(flags: Flags = {}, more: Partial<Installation> = {}): Promise<Config> {
  return configOf(migrated(installationOf(flags, more)).output);
}

/** Whether an issuer allows a token with these claims. */
export function allows(issuer: IssuerConfig | undefined, claims: Claims): boolean {
  if (issuer === undefined) throw new TypeError('no such issuer');
  return (
    createClaimRequirements(issuer, 'issuers[0]').check({
      text: JSON.stringify(claims),
      form: 'json',
    } as Facts) === undefined
  );
}

/** The only finding about a setting. */
export function findingOf(setting: string, flags: Flags = {}, more: Partial<Installation> = {}): Finding {
  const found = translate(installationOf(flags, more), false).findings.filter(
    (one) => one.setting === setting,
  );
  if (found.length !== 1) throw new Error(`${found.length} findings for ${setting}`);
  return found[0] as Finding;
}

/** The problems of a translation, as `path: message`. */
export function problemsOf(flags: Flags = {}, more: Partial<Installation> = {}): readonly string[] {
  const translation = translate(installationOf(flags, more), false);
  const { problems, lacking } = 'problems' in translation ? translation : { problems: [], lacking: [] };
  return (problems.length > 0 ? problems : lacking).map(({ path, message }) => `${path}: ${message}`);
}
