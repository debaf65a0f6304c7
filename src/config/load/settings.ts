/** What flags and the environment say, as values for places in the configuration. */
import { environmentName, flagName, readWord, scalarLeaves } from '../describe/option-list.ts';
import { type Problem, suggestion } from '../validate/problems.ts';
import { splitList } from '../values/comma-list.ts';

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

/** The flags that stand for no option of the file. */
const specialFlags = ['--config', '--issuer', '--audience'];

/** Every flag of the configuration. */
export function configFlags(): readonly string[] {
  return [...scalarLeaves().map(({ path }) => flagName(path)), ...specialFlags];
}

/**
 * Reads the flags of the command line.
 *
 * @param hintOf what to say of a flag that is not known, if more is known of it than a name that is near
 */
export function settingsOfFlags(
  flags: readonly GivenFlag[],
  hintOf: (name: string) => string | undefined = () => undefined,
): Settings {
  const known = new Map(scalarLeaves().map((leaf) => [flagName(leaf.path), leaf]));
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  const last = (name: string) => flags.findLast((flag) => flag.name === name)?.value;

  for (const { name, value } of flags) {
    const source = `flag ${name}`;
    const leaf = known.get(name);
    if (leaf === undefined) {
      if (specialFlags.includes(name)) {
        if (splitList(value ?? '').length === 0)
          problems.push({ path: '', source, message: 'expected a value after it' });
      } else {
        const hint = hintOf(name) ?? suggestion(name, [...known.keys(), ...specialFlags]);
        problems.push({ path: '', source, message: `unknown flag${hint}` });
      }
    } else if (value === undefined && leaf.written !== 'boolean') {
      problems.push({ path: '', source, message: `expected a value after it: ${leaf.title}` });
    } else {
      settings.push({ path: leaf.path, value: value === undefined ? true : readWord(value, leaf), source });
    }
  }

  const audiences = flags.flatMap(({ name, value = '' }) => (name === '--audience' ? splitList(value) : []));
  const [issuer, file] = [last('--issuer'), last('--config')];
  return {
    settings,
    problems,
    audiences: { value: audiences, source: 'flag --audience' },
    ...(issuer !== undefined && issuer !== '' && { issuer: { value: issuer, source: 'flag --issuer' } }),
    ...(file !== undefined && file !== '' && { file }),
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
    audiences: { value: splitList(audiences ?? ''), source: 'environment OIDC_AUTHZ_AUDIENCES' },
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
