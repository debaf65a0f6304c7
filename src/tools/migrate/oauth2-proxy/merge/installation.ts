/** An installation of oauth2-proxy: the settings that apply after its own order of precedence. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import type { InstallationNames } from '../read/cluster/installation-names.ts';
import type { InjectedHeader, Setting } from '../read/setting.ts';

/** All settings of one installation. */
export interface Installation {
  /** By the name of the flag. Only what was given: no defaults of oauth2-proxy's own, but those that its chart sets. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** The response headers of the alpha configuration, which then rules out the flags for headers; else undefined. */
  readonly injectedHeaders: readonly InjectedHeader[] | undefined;
  /** What is already judged where it is read: values of the chart and alpha fields that are no flags, and settings that a stronger source overrides. */
  readonly findings: readonly Finding[];
  /** The addresses of an authenticated-emails file that the values carry; undefined where there is none. */
  readonly authenticatedEmails: readonly string[] | undefined;
  /** What the installation is called in its cluster, where the files say it. */
  readonly names?: InstallationNames | undefined;
  /** What cannot be read, so that no configuration can come of it. */
  readonly problems: readonly Problem[];
}
