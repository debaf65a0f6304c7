/** An installation of oauth2-proxy: the settings that apply after its own order of precedence. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import type { InstallationNames } from '../read/cluster/installation-names.ts';
import type { InjectedHeader, Setting } from '../read/setting.ts';

/** All settings of one installation. */
export interface Installation {
  /** By the name of the flag. Defaults of oauth2-proxy are not included; defaults of its chart are. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** The response headers of the alpha configuration, which replaces the header flags; undefined without one. */
  readonly injectedHeaders: readonly InjectedHeader[] | undefined;
  /** Findings of the readers: values and fields that are not flags, and settings that another source overrides. */
  readonly findings: readonly Finding[];
  /** The addresses of the `authenticated-emails-file`; undefined if they are unknown. */
  readonly authenticatedEmails: readonly string[] | undefined;
  /** The names of the installation in its cluster, if the files contain them. */
  readonly names?: InstallationNames | undefined;
  /** Inputs that cannot be read. With any problem there is no configuration. */
  readonly problems: readonly Problem[];
}
