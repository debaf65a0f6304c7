/** The content of all sources, before it is decided which source wins. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import type { InstallationNames } from './cluster/installation-names.ts';
import type { FileAt } from './cluster/mounts.ts';
import type { Setting } from './setting.ts';
import type { YamlNode } from './yaml-node.ts';

/** A setting from one source. */
export interface FoundSetting extends Setting {
  /** Whether the chart of oauth2-proxy sets it by default. Another source may override it without a finding. */
  readonly isChartDefault?: boolean;
  /**
   * Whether it comes from a flag after `--` of this command. Such a flag supplies values that the files do not contain.
   */
  readonly isFromArguments?: boolean;
  /** The problem with the value; it is reported only if this source wins. */
  readonly problem?: Problem;
}

/** An environment variable of oauth2-proxy; its value may be a secret. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly isChartDefault?: boolean;
}

/**
 * An alpha configuration: a text whose variables are replaced before it is parsed, or a part of the chart's values.
 * Parts with the same owner form one configuration.
 */
export type AlphaSource =
  | { readonly text: string; readonly name: string; readonly isTemplated?: boolean; readonly owner: string }
  | { readonly node: YamlNode; readonly owner: string };

/** A file that a flag names. */
export interface NamedFile {
  readonly flag: 'config' | 'alpha-config';
  readonly path: string;
  readonly source: string;
  /** Whether the flag comes after `--` of this command, so the file may be on this machine. */
  readonly isFromArguments: boolean;
}

/** The content that all readers add to, in the order of the sources. */
export interface Collected {
  readonly flags: FoundSetting[];
  readonly variables: Variable[];
  /** The settings of the TOML files. */
  readonly keys: FoundSetting[];
  readonly alpha: AlphaSource[];
  /** The locations of the TOML files that were read. */
  readonly keyFiles: string[];
  readonly namedFiles: NamedFile[];
  /** Configuration files in the cluster that the values name and that are not among the input files. */
  readonly missing: { readonly kind: 'keys' | 'alpha'; readonly finding: Finding }[];
  /** The email addresses that may sign in. */
  readonly emails: string[];
  /** The files that the container of oauth2-proxy mounts. */
  readonly mounts: FileAt[];
  /** The names of the installation in its cluster; undefined if no file says them. */
  installationNames: InstallationNames | undefined;
  readonly findings: Finding[];
  readonly problems: Problem[];
}

/** Makes an empty collection. */
export function emptyCollection(): Collected {
  return {
    flags: [],
    variables: [],
    keys: [],
    alpha: [],
    keyFiles: [],
    namedFiles: [],
    missing: [],
    emails: [],
    mounts: [],
    installationNames: undefined,
    findings: [],
    problems: [],
  };
}
