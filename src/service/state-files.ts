/** Checks the files of `state`: the keys, and what authenticates this service at the store. No problem contains a part of a file. */
import { readSessionKeys } from '../config/session/session-keys.ts';
import { requireCertificates } from '../runtime/files/pem-blocks.ts';
import { readTls } from '../transport/shared/tls.ts';
import type { FileCheck } from './file-check.ts';

const secrets = ['usernameFile', 'passwordFile', 'sentinelUsernameFile', 'sentinelPasswordFile'] as const;
const certificates = ['caFile', 'certFile', 'keyFile'] as const;

/** The files of `state`. */
export interface StateFiles {
  readonly keysFile?: string | undefined;
  readonly valkey?:
    | {
        readonly [option in (typeof secrets)[number] | (typeof certificates)[number]]?: string | undefined;
      }
    | undefined;
}

/** The files of `state` that are set. */
export function stateFilesOf({ keysFile, valkey }: StateFiles): readonly string[] {
  const named = [keysFile, ...[...secrets, ...certificates].map((option) => valkey?.[option])];
  return named.filter((file) => file !== undefined);
}

/** The checks of the files of `state`. */
export function stateFileChecks(
  { keysFile, valkey = {} }: StateFiles,
  readFile: (path: string) => string,
): readonly FileCheck[] {
  const { caFile, certFile, keyFile } = valkey;
  const check = (
    option: string,
    file: string | undefined,
    attempt: (file: string) => unknown,
  ): FileCheck[] =>
    file === undefined ? [] : [{ path: `state.${option}`, source: file, attempt: () => attempt(file) }];
  const filled = (file: string) => {
    const text = readFile(file).trimEnd();
    if (text === '') throw new Error('the file is empty; write the value into it');
    if (/[\r\n]/.test(text)) throw new Error('the file has several lines; write only the value into it');
  };
  return [
    ...check('keysFile', keysFile, (file) => readSessionKeys(readFile(file))),
    ...secrets.flatMap((option) => check(`valkey.${option}`, valkey[option], filled)),
    ...check('valkey.caFile', caFile, (file) => requireCertificates(readFile(file))),
    ...(keyFile === undefined
      ? []
      : check('valkey.certFile', certFile, (file) =>
          readTls({ certFile: file, keyFile, minVersion: 'TLSv1.2' }, readFile),
        )),
  ];
}
