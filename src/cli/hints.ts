/** Hints for unknown words and flags; loaded only if there is one. */

import { type CommandLineFlag, configFlags } from '../config/load/settings.ts';
import { nearest, suggestion } from '../config/validate/problems.ts';
import { verdictOf } from '../tools/migrate/oauth2-proxy/flags/verdicts.ts';
import type { ManualPage } from './command.ts';

/** Our flags by the flag of oauth2-proxy that they replace. */
const ownFlags: Readonly<Record<string, string>> = {
  'oidc-issuer-url': '--issuer',
  'client-id': '--audience',
  'oidc-extra-audience': '--audience',
  'http-address': '--http-host and --http-port',
  'https-address': '--http-host, --http-port, --http-tls-cert-file and --http-tls-key-file',
  'tls-cert-file': '--http-tls-cert-file',
  'tls-key-file': '--http-tls-key-file',
  'tls-min-version': '--http-tls-min-version',
  'metrics-address': '--admin-host and --admin-port',
  'metrics-secure-address': '--admin-host and --admin-port',
  'metrics-tls-cert-file': '--admin-tls-cert-file',
  'metrics-tls-key-file': '--admin-tls-key-file',
  'request-logging': '--log-checks',
  'auth-logging': '--log-checks',
  'standard-logging': '--log-level',
  'request-id-header': '--log-request-id-header',
};

/** Our flags by short flags that other programs have. */
const longFlags: Readonly<Record<string, string>> = {
  '-c': '--config',
  '-f': '--config',
  '-i': '--issuer',
  '-a': '--audience',
  '-p': '--http-port',
  '-l': '--log-level',
};

/** Our commands by words that other programs use for them. */
const synonyms: Readonly<Record<string, string>> = {
  run: 'serve',
  start: 'serve',
  server: 'serve',
  validate: 'check-config',
  check: 'check-config',
  lint: 'check-config',
  test: 'check-config',
  convert: 'migrate',
  import: 'migrate',
  diff: 'compare',
  why: 'explain',
  trace: 'explain',
  debug: 'explain',
};

/**
 * Writes the hint for a word that is not a command: the probable command, or the list of commands.
 *
 * @param manual the pages of all commands
 */
export function wordHint(word: string, manual: readonly ManualPage[]): string {
  if (/^https?:\/\//.test(word)) return `; write --issuer ${word}`;
  if (/\.(ya?ml|json)$/.test(word))
    return '; write --config FILE to use it, or check-config FILE to check it';
  const names = [...new Set(manual.map(({ name }) => name.split(' ')[0] ?? ''))];
  const near = nearest(word, [...names, 'help', 'version', ...Object.keys(synonyms)]);
  return near === undefined
    ? `; the commands are ${names.join(', ')}, help and version.`
    : `; did you mean ${synonyms[near] ?? near}?`;
}

/**
 * Creates the function that writes the hint for a flag that a command does not have.
 *
 * @param command the name of the command
 * @param flags every flag of the command line
 * @param manual the pages of all commands
 */
export function createFlagHint(
  command: string,
  flags: readonly CommandLineFlag[],
  manual: readonly ManualPage[],
): (name: string) => string {
  const own = manual.find(({ name }) => name === command)?.flags.map(({ name }) => name) ?? [];
  const known = [...configFlags(), ...own];
  const last = flags.findLast(({ name }) => isOfOauth2Proxy(name))?.name;
  return (name) => {
    const meant = longFlags[name];
    if (meant !== undefined) return `; did you mean ${meant}?`;
    const long = name.replace(/^-+/, '--');
    if (long !== name && known.includes(long)) return `; write ${long}, with two hyphens`;
    if (isOfOauth2Proxy(name)) return oauth2ProxyHint(bareName(name), name === last);
    const elsewhere = manual.find((page) => page.flags.some((flag) => flag.name === long))?.name;
    if (elsewhere !== undefined) return `; it is a flag of ${elsewhere}`;
    const near = suggestion(name, known);
    return near === '' ? `; \`oidc-authz ${command} --help\` lists the flags` : near;
  };
}

function oauth2ProxyHint(flag: string, isLast: boolean): string {
  const { verdict, text } = verdictOf(flag) ?? { verdict: 'changed', text: '' };
  const own = ownFlags[flag];
  const place = verdict === 'kept' ? `in the file: ${text}` : `here: ${text}`;
  const replacement = own === undefined ? place : `write ${own}; ${place}`;
  const all = isLast ? '. `oidc-authz migrate oauth2-proxy -- FLAGS` converts all of its flags' : '';
  return `; this is a flag of oauth2-proxy; ${replacement}${all}`;
}

function isOfOauth2Proxy(name: string): boolean {
  return verdictOf(bareName(name)) !== undefined;
}

function bareName(name: string): string {
  return name.replace(/^-+/, '').replaceAll('_', '-');
}
