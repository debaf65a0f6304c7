/** Every setting that oauth2-proxy knows: how its flag, its configuration key and its variable are written. */
import type { FlagKind } from './flag-kind.ts';
import { booleanFlags, durationFlags, listFlags, numberFlags, secretFlags, textFlags } from './flag-names.ts';

/** One setting of oauth2-proxy. */
export interface Flag {
  /** Without its hyphens, e.g. `oidc-extra-audience`. */
  readonly name: string;
  readonly kind: FlagKind;
  /** As the TOML file names it, e.g. `oidc_extra_audiences`. */
  readonly key: string;
  /** Whether its value is a secret, or may carry one. */
  readonly isSecret: boolean;
}

/** All of them. */
export const flags: readonly Flag[] = [
  ...textFlags.map((name) => flagOf(name, 'text')),
  ...booleanFlags.map((name) => flagOf(name, 'boolean')),
  ...numberFlags.map((name) => flagOf(name, 'number')),
  ...durationFlags.map((name) => flagOf(name, 'duration')),
  ...Object.entries(listFlags).map(([name, key]) => flagOf(name, 'list', key)),
];

/** An older key that is still read. */
const olderKeys: Readonly<Record<string, string>> = { google_group: 'google-group' };

const byName = new Map(flags.map((flag) => [flag.name, flag]));
const byKey = new Map(flags.map((flag) => [flag.key, flag]));

/** The setting of a flag, without its hyphens. */
export function flagNamed(name: string): Flag | undefined {
  return byName.get(name);
}

/** The setting of a key of the TOML file; its case does not matter. */
export function flagOfKey(key: string): Flag | undefined {
  const lower = key.toLowerCase();
  const older = Object.hasOwn(olderKeys, lower) ? olderKeys[lower] : undefined;
  return byKey.get(lower) ?? byName.get(older ?? '');
}

/** The variable of a setting, e.g. `OAUTH2_PROXY_OIDC_EXTRA_AUDIENCES`. */
export function variableName({ key }: Flag): string {
  return `OAUTH2_PROXY_${key.toUpperCase()}`;
}

function flagOf(name: string, kind: FlagKind, key = name.replaceAll('-', '_')): Flag {
  return { name, kind, key, isSecret: secretFlags.includes(name) };
}
