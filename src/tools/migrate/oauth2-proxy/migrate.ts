/** `oidc-authz migrate oauth2-proxy`: turns an installation of oauth2-proxy into a configuration of oidc-authz. */
import type { Installation } from './merge/installation.ts';
import { mergeSources } from './merge/merge.ts';
import { type Oauth2ProxySources, readSources } from './read/read-sources.ts';
import { type MigrationResult, migrationResult, type ReportOptions } from './report/result.ts';
import { translate } from './translate/translate.ts';

/** How to migrate. */
export interface MigrationOptions extends ReportOptions {
  /** Whether the service answers as oauth2-proxy does (`compat: oauth2-proxy`); default: false. */
  readonly compat?: boolean;
}

/** Reads the sources, merges them, translates the settings and reports the result. */
export function migrateOauth2Proxy(sources: Oauth2ProxySources, options: MigrationOptions): MigrationResult {
  const read = readSources(sources);
  const installation = mergeSources(read);
  return migrateInstallation(installation, options);
}

/** Translates the settings of an installation and reports the result. */
export function migrateInstallation(installation: Installation, options: MigrationOptions): MigrationResult {
  const translation = translate(installation, options.compat ?? false);
  return migrationResult(installation, translation, options);
}
