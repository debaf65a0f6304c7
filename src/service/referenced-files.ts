/** Checks the files that a configuration names. */

import type { Config, IssuerConfig, TlsFiles } from '../config/declare/options.ts';
import { listenerTls } from '../config/describe/listener-tls.ts';
import { readAdminToken } from '../config/load/admin-token.ts';
import type { Problem } from '../config/validate/problems.ts';
import { keySetOfPem } from '../issuer/keys/pem.ts';
import { keySetRules, readKeySet } from '../issuer/keys/read-key-set.ts';
import { requireCertificates } from '../runtime/files/pem-blocks.ts';
import { readTls } from '../transport/shared/tls.ts';
import { type FileCheck, problemsOfFile } from './file-check.ts';
import { type ClientFiles, clientFileChecks, clientFilesOf, sessionKeyChecks } from './login-files.ts';
import { type StateFiles, stateFileChecks, stateFilesOf } from './state-files.ts';

/** The parts of a configuration that name files or contain keys. */
export interface NamesFiles {
  readonly issuers: readonly (Omit<IssuerConfig, 'name' | 'login'> & {
    readonly login?: ClientFiles | undefined;
  })[];
  readonly limits: Pick<Config['limits'], 'maxIssuerKeys'>;
  readonly http: Pick<Config['http'], 'tls'>;
  readonly grpc: Pick<Config['grpc'], 'tls'>;
  readonly admin: Pick<Config['admin'], 'tls' | 'tokenFile'>;
  readonly denyList: Pick<Config['denyList'], 'file'>;
  readonly login?: Parameters<typeof listenerTls>[0]['login'];
  readonly sessions?: Pick<NonNullable<Config['sessions']>, 'keysFile'> | undefined;
  readonly state?: StateFiles | undefined;
}

/** Finds files that are missing or have invalid content. */
export async function fileProblems(
  config: NamesFiles,
  readFile: (path: string) => string,
): Promise<Problem[]> {
  const checks = [
    ...config.issuers.flatMap((issuer, index) => issuerChecks(issuer, `issuers[${index}]`, config, readFile)),
    ...listenerTls(config).flatMap(({ tls, option }) => tlsChecks(tls, option, readFile)),
    ...denyListChecks(config.denyList.file, readFile),
    ...adminTokenChecks(config.admin.tokenFile, readFile),
    ...sessionKeyChecks(config.sessions?.keysFile, readFile),
    ...stateFileChecks(config.state ?? {}, readFile),
  ];
  return (await Promise.all(checks.map(problemsOfFile))).flat();
}

/** The files of a configuration that are reloaded when they change. */
export function filesOf(config: NamesFiles): readonly string[] {
  const { denyList, issuers, admin, sessions, state = {} } = config;
  const named = [
    denyList.file,
    admin.tokenFile,
    sessions?.keysFile,
    ...stateFilesOf(state),
    ...issuers.flatMap(({ jwksFile, publicKeyFiles = [], caFile = [], login }) => [
      jwksFile,
      ...publicKeyFiles,
      ...[caFile].flat(),
      ...clientFilesOf(login),
    ]),
    ...listenerTls(config).flatMap(({ tls }) => [tls?.certFile, tls?.keyFile, tls?.clientCaFile]),
  ];
  return [...new Set(named.filter((path) => path !== undefined))];
}

function issuerChecks(
  issuer: NamesFiles['issuers'][number],
  at: string,
  { limits }: NamesFiles,
  readFile: (path: string) => string,
): FileCheck[] {
  const { jwks, jwksFile, publicKeyFiles, caFile = [], login = {} } = issuer;
  const rules = keySetRules(issuer, limits.maxIssuerKeys);
  const usable = (text: string) => readKeySet(text, rules);
  return [
    ...(jwks === undefined ? [] : [{ path: `${at}.jwks`, source: '', attempt: () => usable(jwks) }]),
    ...(jwksFile === undefined
      ? []
      : [{ path: `${at}.jwksFile`, source: jwksFile, attempt: () => usable(readFile(jwksFile)) }]),
    ...(publicKeyFiles ?? []).map((file, index) => ({
      path: `${at}.publicKeyFiles[${index}]`,
      source: file,
      attempt: () => usable(keySetOfPem([readFile(file)])),
    })),
    ...[caFile].flat().map((file) => ({
      path: `${at}.caFile`,
      source: file,
      attempt: () => requireCertificates(readFile(file)),
    })),
    ...clientFileChecks(login, `${at}.login`, readFile),
  ];
}

function tlsChecks(
  files: TlsFiles | undefined,
  path: string,
  readFile: (path: string) => string,
): FileCheck[] {
  return files === undefined
    ? []
    : [{ path, source: files.certFile, attempt: () => readTls(files, readFile) }];
}

function denyListChecks(file: string | undefined, readFile: (path: string) => string): FileCheck[] {
  if (file === undefined) return [];
  const attempt = async () => {
    const { readDenyList } = await import('../config/load/deny-list.ts');
    return readDenyList(readFile(file), file);
  };
  return [{ path: 'denyList.file', source: file, attempt }];
}

function adminTokenChecks(file: string | undefined, readFile: (path: string) => string): FileCheck[] {
  return file === undefined
    ? []
    : [{ path: 'admin.tokenFile', source: file, attempt: () => readAdminToken(readFile(file)) }];
}
