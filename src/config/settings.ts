/** What flags and the environment say, as values for places in the configuration. */
import { environmentName, flagName, readWord, scalarLeaves } from './leaves.ts';
import { type Problem, suggestion } from './problems.ts';

/** One value that overrides the file. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  /** e.g. `flag --http-port`. */
  readonly source: string;
}

/** What a source of settings said. */
export interface Settings {
  readonly settings: readonly Setting[];
  /** The single issuer of the short form. */
  readonly issuer?: { readonly value: string; readonly source: string };
  /** The audiences of the short form; empty when none were given. */
  readonly audiences: { readonly value: readonly string[]; readonly source: string };
  /** The configuration file that was named. */
  readonly file?: string;
  readonly problems: readonly Problem[];
}

/** A flag as it stood on the command line; without a value it says `true`. */
export interface GivenFlag {
  readonly name: string;
  readonly value: string | undefined;
}

/** Reads the flags of the command line. */
export function settingsOfFlags(flags: readonly GivenFlag[]): Settings {
  const known = new Map(scalarLeaves().map((leaf) => [flagName(leaf.path), leaf]));
  const special = ['--config', '--issuer', '--audience'];
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  const last = (name: string) => flags.findLast((flag) => flag.name === name)?.value;

  for (const { name, value } of flags) {
    const source = `flag ${name}`;
    const leaf = known.get(name);
    if (leaf === undefined) {
      if (special.includes(name)) {
        if (value === undefined) problems.push({ path: '', source, message: 'expected a value after it' });
      } else {
        const message = `unknown flag${suggestion(name, [...known.keys(), ...special])}`;
        problems.push({ path: '', source, message });
      }
    } else if (value === undefined && leaf.written !== 'boolean') {
      problems.push({ path: '', source, message: `expected a value after it: ${leaf.title}` });
    } else {
      settings.push({ path: leaf.path, value: value === undefined ? true : readWord(value, leaf), source });
    }
  }

  const audiences = flags.flatMap(({ name, value }) =>
    name === '--audience' && value !== undefined ? [value] : [],
  );
  const [issuer, file] = [last('--issuer'), last('--config')];
  return {
    settings,
    problems,
    audiences: { value: audiences, source: 'flag --audience' },
    ...(issuer !== undefined && { issuer: { value: issuer, source: 'flag --issuer' } }),
    ...(file !== undefined && { file }),
  };
}

/** Reads the environment; only names that start with `OIDC_AUTHZ_` count. */
export function settingsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const known = new Map(scalarLeaves().map((leaf) => [environmentName(leaf.path), leaf]));
  const special = ['OIDC_AUTHZ_CONFIG', 'OIDC_AUTHZ_ISSUER', 'OIDC_AUTHZ_AUDIENCES'];
  const settings: Setting[] = [];
  const problems: Problem[] = [];

  for (const [name, word] of Object.entries(environment)) {
    if (word === undefined || !name.startsWith('OIDC_AUTHZ_') || isServiceLink(name, word)) continue;
    const source = `environment ${name}`;
    const leaf = known.get(name);
    if (leaf !== undefined) settings.push({ path: leaf.path, value: readWord(word, leaf), source });
    else if (!special.includes(name)) {
      problems.push({
        path: '',
        source,
        message: `unknown variable${suggestion(name, [...known.keys(), ...special])}`,
      });
    }
  }

  const { OIDC_AUTHZ_ISSUER: issuer, OIDC_AUTHZ_AUDIENCES: audiences, OIDC_AUTHZ_CONFIG: file } = environment;
  return {
    settings,
    problems,
    audiences: { value: splitList(audiences), source: 'environment OIDC_AUTHZ_AUDIENCES' },
    ...(issuer !== undefined && { issuer: { value: issuer, source: 'environment OIDC_AUTHZ_ISSUER' } }),
    ...(file !== undefined && { file }),
  };
}

/**
 * Whether Kubernetes itself set a variable: for a Service named `oidc-authz-admin` it makes, among others,
 * `OIDC_AUTHZ_ADMIN_PORT=tcp://10.0.0.1:8081`.
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_HOST$/.test(name) ||
    /_SERVICE_PORT(_.*)?$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value))
  );
}

function splitList(words: string | undefined): string[] {
  return (words ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
