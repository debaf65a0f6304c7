/** All settings of oauth2-proxy: the names of their flag, configuration key and environment variable. */
import type { FlagKind } from './flag-kind.ts';
import { booleanFlags, durationFlags, listFlags, numberFlags, secretFlags, textFlags } from './flag-names.ts';

/** One setting of oauth2-proxy. */
export interface Flag {
  /** The flag without hyphens, for example `oidc-extra-audience`. */
  readonly name: string;
  readonly kind: FlagKind;
  /** The key in the TOML file, for example `oidc_extra_audiences`. */
  readonly key: string;
  /** Whether the value is a secret or may contain one. */
  readonly isSecret: boolean;
}

/** All settings. */
export const flags: readonly Flag[] = [
  ...textFlags.map((name) => flagOf(name, 'text')),
  ...booleanFlags.map((name) => flagOf(name, 'boolean')),
  ...numberFlags.map((name) => flagOf(name, 'number')),
  ...durationFlags.map((name) => flagOf(name, 'duration')),
  ...Object.entries(listFlags).map(([name, key]) => flagOf(name, 'list', key)),
];

/** Old keys that oauth2-proxy still accepts. */
const olderKeys: Readonly<Record<string, string>> = { google_group: 'google-group' };

const byName = new Map(flags.map((flag) => [flag.name, flag]));
const byKey = new Map(flags.map((flag) => [flag.key, flag]));

/** Finds a setting by its flag, without hyphens. */
export function flagNamed(name: string): Flag | undefined {
  return byName.get(name);
}

/** Finds a setting by its key in the TOML file, in any case. */
export function flagOfKey(key: string): Flag | undefined {
  const lower = key.toLowerCase();
  const older = Object.hasOwn(olderKeys, lower) ? olderKeys[lower] : undefined;
  return byKey.get(lower) ?? byName.get(older ?? '');
}

/** The environment variable of a setting, for example `OAUTH2_PROXY_OIDC_EXTRA_AUDIENCES`. */
export function variableName({ key }: Flag): string {
  return `OAUTH2_PROXY_${key.toUpperCase()}`;
}

function flagOf(name: string, kind: FlagKind, key = name.replaceAll('-', '_')): Flag {
  return { name, kind, key, isSecret: secretFlags.includes(name) };
}
