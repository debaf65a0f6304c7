/** The files that a configuration names which cannot be used as it stands, so that what is wrong with them is told with all else. */
import { configSchema } from '../../config/declare/options.ts';
import type { Problem } from '../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../config/values/mapping.ts';
import { type NamesFiles, problemsOfFile } from '../../service/referenced-files.ts';

const sections = ['http', 'grpc', 'admin'] as const;

/** What of an issuer names files, holds keys, or says which keys are good. */
const ofKeys = ['jwks', 'jwksFile', 'publicKeyFiles', 'caFile', 'algorithms', 'keyUses'] as const;

/** The least that is an issuer. */
const least = { issuer: 'https://issuer.invalid', anyAudience: true };

/** Finds what is wrong with files of TLS that cannot be used together: whether each can be read. */
export async function tlsProblems(
  tree: Mapping,
  readFile: (path: string) => string,
): Promise<readonly Problem[]> {
  const found = sections
    .filter((name) => readPart(tree, name, 'tls')[name].tls === undefined)
    .flatMap((name) => filesOfTls(tree[name], `${name}.tls`))
    .map(({ path, file }) => problemsOfFile({ path, source: file, attempt: () => readFile(file) }));
  return (await Promise.all(found)).flat();
}

/** What names files; an option that is wrong is as if it were absent. */
export function namesFiles(tree: Mapping): NamesFiles {
  return {
    issuers: (Array.isArray(tree.issuers) ? tree.issuers : []).map(issuerOf),
    limits: readPart(tree, 'limits', 'maxIssuerKeys').limits,
    http: readPart(tree, 'http', 'tls').http,
    grpc: readPart(tree, 'grpc', 'tls').grpc,
    admin: readPart(tree, 'admin', 'tls').admin,
    denyList: readPart(tree, 'denyList', 'file').denyList,
  };
}

function issuerOf(issuer: unknown): NamesFiles['issuers'][number] {
  const [whole] = read({}).issuers;
  const fields = ofKeys.map((field) => {
    const given = isMapping(issuer) && issuer[field] !== undefined ? { [field]: issuer[field] } : {};
    return [field, read({ issuers: [{ ...least, ...given }] }).issuers[0]?.[field]];
  });
  return { ...whole, ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)) };
}

/** A configuration with one option of one section; without it, where it is wrong. */
function readPart(tree: Mapping, section: string, option: string) {
  const whole = tree[section];
  return read(
    isMapping(whole) && whole[option] !== undefined ? { [section]: { [option]: whole[option] } } : {},
  );
}

function read(more: Mapping) {
  const { data } = configSchema.safeParse({ issuers: [least], ...more });
  return data ?? configSchema.parse({ issuers: [least] });
}

/** The files of TLS one by one, for where they cannot be used together. */
function filesOfTls(section: unknown, at: string): { readonly path: string; readonly file: string }[] {
  const tls = isMapping(section) && isMapping(section.tls) ? section.tls : {};
  return ['certFile', 'keyFile', 'clientCaFile'].flatMap((name) => {
    const file = tls[name];
    return typeof file === 'string' && file.trim() !== '' ? [{ path: `${at}.${name}`, file }] : [];
  });
}
