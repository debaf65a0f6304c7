/** What the readers find, before it is known which source of two is the stronger. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import type { InstallationNames } from './cluster/installation-names.ts';
import type { FileAt } from './cluster/mounts.ts';
import type { Setting } from './setting.ts';
import type { YamlNode } from './yaml-node.ts';

/** A setting at one of the places where it was given. */
export interface FoundSetting extends Setting {
  /** Whether the chart of oauth2-proxy sets it by itself, so that it is no news when another source overrides it. */
  readonly isOfChart?: boolean;
  /** Whether it stands behind our own `--`, where somebody gives what cannot be seen elsewhere. */
  readonly isOwn?: boolean;
  /** What is wrong with it, which matters only if no stronger source says something else. */
  readonly problem?: Problem;
}

/** A variable of the environment that oauth2-proxy runs in; its value may be a secret. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly isOfChart?: boolean;
}

/** An alpha configuration: text in which variables are replaced before it is read, or a part of the chart's values.
 * Parts of one owner make one configuration. */
export type AlphaSource =
  | { readonly text: string; readonly name: string; readonly isTemplated?: boolean; readonly owner: string }
  | { readonly node: YamlNode; readonly owner: string };

/** A file that a flag names. */
export interface NamedFile {
  readonly flag: 'config' | 'alpha-config';
  readonly path: string;
  readonly source: string;
  /** Whether the flag stands behind `--`, so that the file may be on this machine. */
  readonly isOwn: boolean;
}

/** What all readers add to, each source in the order in which it was given. */
export interface Collected {
  readonly flags: FoundSetting[];
  readonly variables: Variable[];
  /** What TOML files say. */
  readonly keys: FoundSetting[];
  readonly alpha: AlphaSource[];
  /** The places of the TOML files that were read. */
  readonly keyFiles: string[];
  readonly namedFiles: NamedFile[];
  /** Configuration files in the cluster that values name but do not hold. */
  readonly missing: { readonly kind: 'keys' | 'alpha'; readonly finding: Finding }[];
  /** The addresses that may sign in. */
  readonly emails: string[];
  /** The files that what runs oauth2-proxy sees. */
  readonly mounts: FileAt[];
  /** What the installation is called; undefined where no file says it. */
  installationNames: InstallationNames | undefined;
  readonly findings: Finding[];
  readonly problems: Problem[];
}

/** Nothing yet. */
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
