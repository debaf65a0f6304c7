/** What to say of words and flags that nobody knows here; loaded only where there is one. */

import { type CommandLineFlag, configFlags } from '../config/load/settings.ts';
import { nearest, suggestion } from '../config/validate/problems.ts';
import { verdictOf } from '../tools/migrate/oauth2-proxy/flags/verdicts.ts';
import { commandNames } from './help.ts';
import { manual } from './manual.ts';

/** Flags of ours that say what one of oauth2-proxy's does. */
const ownForTheirs: Readonly<Record<string, string>> = {
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

/** Short flags that programs often have. */
const shortFlags: Readonly<Record<string, string>> = {
  '-c': '--config',
  '-f': '--config',
  '-i': '--issuer',
  '-a': '--audience',
  '-p': '--http-port',
  '-l': '--log-level',
};

/** Words that other programs have for a command of ours. */
const otherWords: Readonly<Record<string, string>> = {
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
};

/** What to say of a word that is no command: what was probably meant, or which commands there are. */
export function wordHint(word: string): string {
  if (/^https?:\/\//.test(word)) return `; an issuer is given as --issuer ${word}`;
  if (/\.(ya?ml|json)$/.test(word))
    return '; a configuration is given as --config FILE, and checked with check-config FILE';
  const near = nearest(word, [...commandNames(), 'help', 'version', ...Object.keys(otherWords)]);
  return near === undefined
    ? `; the commands are ${commandNames().join(', ')}, help and version.`
    : `; did you mean ${otherWords[near] ?? near}?`;
}

/**
 * Makes what tells of flags that a command does not know.
 *
 * @param command the name of the command
 * @param given every flag of the command line
 */
export function createFlagHint(command: string, given: readonly CommandLineFlag[]): (name: string) => string {
  const own = manual.find(({ name }) => name === command)?.flags.map(({ name }) => name) ?? [];
  const known = [...configFlags(), ...own];
  const last = given.findLast(({ name }) => isTheirs(name))?.name;
  return (name) => {
    const short = shortFlags[name];
    if (short !== undefined) return `; did you mean ${short}?`;
    const long = name.replace(/^-+/, '--');
    if (long !== name && known.includes(long)) return `; write ${long}, with two hyphens`;
    if (isTheirs(name)) return theirHint(bareName(name), name === last);
    const elsewhere = manual.find(({ flags }) => flags.some((flag) => flag.name === long))?.name;
    if (elsewhere !== undefined) return `; it is a flag of ${elsewhere}`;
    const near = suggestion(name, known);
    return near === '' ? `; \`oidc-authz ${command} --help\` lists them` : near;
  };
}

function theirHint(flag: string, isLast: boolean): string {
  const { verdict, text } = verdictOf(flag) ?? { verdict: 'changed', text: '' };
  const own = ownForTheirs[flag];
  const place = verdict === 'kept' ? `in the file: ${text}` : `here: ${text}`;
  const said = own === undefined ? place : `write ${own}; ${place}`;
  const all = isLast
    ? '. `oidc-authz migrate oauth2-proxy -- FLAGS` turns all of its flags into a configuration'
    : '';
  return `; oauth2-proxy has it; ${said}${all}`;
}

function isTheirs(name: string): boolean {
  return verdictOf(bareName(name)) !== undefined;
}

function bareName(name: string): string {
  return name.replace(/^-+/, '').replaceAll('_', '-');
}
