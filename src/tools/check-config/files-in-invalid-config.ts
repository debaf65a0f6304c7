/** Finds the files that an invalid configuration names, to report their problems together with all others. */
import { configSchema } from '../../config/declare/options.ts';
import { zodOf } from '../../config/schema/to-zod.ts';
import type { Problem } from '../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../config/values/mapping.ts';
import { problemsOfFile } from '../../service/file-check.ts';
import type { NamesFiles } from '../../service/referenced-files.ts';

const sections = ['http', 'grpc', 'admin'] as const;

/** The options of an issuer that name files, hold keys, or restrict the keys. */
const keyOptions = ['jwks', 'jwksFile', 'publicKeyFiles', 'caFile', 'algorithms', 'keyUses'] as const;

/** The smallest valid issuer. */
const smallestIssuer = { issuer: 'https://issuer.invalid', anyAudience: true };

/** Checks that each TLS file of a section can be read, if the section itself is invalid. */
export async function tlsProblems(
  document: Mapping,
  readFile: (path: string) => string,
): Promise<readonly Problem[]> {
  const found = sections
    .filter((name) => readPart(document, name, 'tls')[name].tls === undefined)
    .flatMap((name) => filesOfTls(document[name], `${name}.tls`))
    .map(({ path, file }) => problemsOfFile({ path, source: file, attempt: () => readFile(file) }));
  return (await Promise.all(found)).flat();
}

/** Reads the options that name files; an invalid option counts as absent. */
export function namesFiles(document: Mapping): NamesFiles {
  return {
    issuers: (Array.isArray(document.issuers) ? document.issuers : []).map(issuerOf),
    limits: readPart(document, 'limits', 'maxIssuerKeys').limits,
    http: readPart(document, 'http', 'tls').http,
    grpc: readPart(document, 'grpc', 'tls').grpc,
    admin: {
      tls: readPart(document, 'admin', 'tls').admin.tls,
      tokenFile: readPart(document, 'admin', 'tokenFile').admin.tokenFile,
    },
    denyList: readPart(document, 'denyList', 'file').denyList,
    sessions: sessionsOf(document.sessions),
    state: stateOf(document.state),
  };
}

function sessionsOf(sessions: unknown): NamesFiles['sessions'] {
  const file = isMapping(sessions) ? sessions.keysFile : undefined;
  return isFileName(file) ? { keysFile: file } : undefined;
}

function stateOf(state: unknown): NamesFiles['state'] {
  if (!isMapping(state)) return undefined;
  const { keysFile } = textsOf(state);
  return { keysFile, valkey: textsOf(state.valkey) };
}

/** The texts in `issuers[].login`; only those that name files are read. */
function loginOf(issuer: unknown): Readonly<Record<string, string>> {
  return textsOf(isMapping(issuer) ? issuer.login : undefined);
}

function textsOf(section: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(isMapping(section) ? section : {}).filter((entry): entry is [string, string] =>
      isFileName(entry[1]),
    ),
  );
}

function isFileName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function issuerOf(issuer: unknown): NamesFiles['issuers'][number] {
  const [whole] = read({}).issuers;
  const fields = keyOptions.map((field) => {
    const part = isMapping(issuer) && issuer[field] !== undefined ? { [field]: issuer[field] } : {};
    return [field, read({ issuers: [{ ...smallestIssuer, ...part }] }).issuers[0]?.[field]];
  });
  return {
    ...whole,
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
    login: loginOf(issuer),
  };
}

/** A configuration with one option of one section; without the option if it is invalid. */
function readPart(document: Mapping, section: string, option: string) {
  const whole = document[section];
  return read(
    isMapping(whole) && whole[option] !== undefined ? { [section]: { [option]: whole[option] } } : {},
  );
}

function read(more: Mapping) {
  const { data } = zodOf(configSchema).safeParse({ issuers: [smallestIssuer], ...more });
  return data ?? zodOf(configSchema).parse({ issuers: [smallestIssuer] });
}

/** Each TLS file of a section. */
function filesOfTls(section: unknown, at: string): { readonly path: string; readonly file: string }[] {
  const tls = isMapping(section) && isMapping(section.tls) ? section.tls : {};
  return ['certFile', 'keyFile', 'clientCaFile'].flatMap((name) => {
    const file = tls[name];
    return isFileName(file) ? [{ path: `${at}.${name}`, file }] : [];
  });
}
