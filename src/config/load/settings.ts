/** Reads settings from flags and the environment. */
import { listScalarOptions, readWord } from '../describe/option-list.ts';
import { type Problem, suggestion } from '../validate/problems.ts';
import { splitCommaList } from '../values/split-comma-list.ts';

/** A value that overrides the file. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  /** For example `flag --http-port`. */
  readonly source: string;
}

/** The settings of one source. */
export interface Settings {
  readonly settings: readonly Setting[];
  /** The issuer of the short form. */
  readonly issuer?: { readonly value: string; readonly source: string };
  /** The audiences of the short form; empty if not set. */
  readonly audiences: { readonly value: readonly string[]; readonly source: string };
  /** The configuration file, if named. */
  readonly file?: string;
  readonly problems: readonly Problem[];
}

/** A flag on the command line. A flag without a value means `true`. */
export interface CommandLineFlag {
  readonly name: string;
  readonly value: string | undefined;
}

const optionOfFlag = new Map(listScalarOptions().map((option) => [option.flag, option]));
const optionOfVariable = new Map(listScalarOptions().map((option) => [option.variable, option]));

/** Flags that are not options of the file. */
const specialFlags = ['--config', '--issuer', '--audience'];

/** Lists the flags of the configuration that need no value. */
export function booleanFlags(): readonly string[] {
  return listScalarOptions().flatMap(({ kind, flag }) => (kind === 'boolean' ? [flag] : []));
}

/** Lists every flag of the configuration. */
export function configFlags(): readonly string[] {
  return [...optionOfFlag.keys(), ...specialFlags];
}

/**
 * Reads the flags of the command line.
 *
 * @param hintOf returns a hint for an unknown flag, instead of the nearest name
 */
export function settingsOfFlags(
  flags: readonly CommandLineFlag[],
  hintOf: (name: string) => string | undefined = () => undefined,
): Settings {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  const last = (name: string) => flags.findLast((flag) => flag.name === name)?.value;

  for (const { name, value } of flags) {
    const source = `flag ${name}`;
    const option = optionOfFlag.get(name);
    if (option === undefined) {
      if (specialFlags.includes(name)) {
        if (splitCommaList(value ?? '').length === 0)
          problems.push({ path: '', source, message: 'must have a value; write it after the flag' });
      } else {
        const hint = hintOf(name) ?? suggestion(name, configFlags());
        problems.push({ path: '', source, message: `unknown flag${hint}` });
      }
    } else if (value === undefined && option.kind !== 'boolean') {
      problems.push({ path: '', source, message: `must have a value; write ${option.title} after the flag` });
    } else {
      settings.push({
        path: option.path,
        value: value === undefined ? true : readWord(value, option),
        source,
      });
    }
  }

  const audiences = flags.flatMap(({ name, value = '' }) =>
    name === '--audience' ? splitCommaList(value) : [],
  );
  const [issuer, file] = [last('--issuer'), last('--config')];
  return {
    settings,
    problems,
    audiences: { value: audiences, source: 'flag --audience' },
    ...(issuer !== undefined && issuer !== '' && { issuer: { value: issuer, source: 'flag --issuer' } }),
    ...(file !== undefined && file !== '' && { file }),
  };
}

/** Reads the environment; only names with the prefix `OIDC_AUTHZ_` count. */
export function settingsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const special = ['OIDC_AUTHZ_CONFIG', 'OIDC_AUTHZ_ISSUER', 'OIDC_AUTHZ_AUDIENCES'];
  const settings: Setting[] = [];
  const problems: Problem[] = [];

  for (const [name, word] of Object.entries(environment)) {
    if (word === undefined || !name.startsWith('OIDC_AUTHZ_') || isServiceLink(name, word)) continue;
    const source = `environment ${name}`;
    const option = optionOfVariable.get(name);
    if (option !== undefined) settings.push({ path: option.path, value: readWord(word, option), source });
    else if (!special.includes(name)) {
      problems.push({
        path: '',
        source,
        message: `unknown variable${suggestion(name, [...optionOfVariable.keys(), ...special])}`,
      });
    }
  }

  const { OIDC_AUTHZ_ISSUER: issuer, OIDC_AUTHZ_AUDIENCES: audiences, OIDC_AUTHZ_CONFIG: file } = environment;
  return {
    settings,
    problems,
    audiences: { value: splitCommaList(audiences ?? ''), source: 'environment OIDC_AUTHZ_AUDIENCES' },
    ...(issuer !== undefined && { issuer: { value: issuer, source: 'environment OIDC_AUTHZ_ISSUER' } }),
    ...(file !== undefined && { file }),
  };
}

/**
 * Whether Kubernetes set a variable: for a Service named `oidc-authz-admin` it sets, among others,
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
