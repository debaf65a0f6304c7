/** Checks the files of a login: the keys of the sessions, and what authenticates this service at its issuers. */
import { createPrivateKey } from 'node:crypto';
import type { IssuerConfig } from '../config/declare/options.ts';
import { readSessionKeys } from '../config/session/session-keys.ts';
import { readTls } from '../transport/shared/tls.ts';
import type { FileCheck } from './file-check.ts';

const options = [
  'clientSecretFile',
  'privateKeyFile',
  'clientAssertionFile',
  'certFile',
  'keyFile',
] as const satisfies readonly (keyof NonNullable<IssuerConfig['login']>)[];

/** The files of `issuers[].login`. */
export type ClientFiles = { readonly [option in (typeof options)[number]]?: string | undefined };

/** The files of `issuers[].login` that are set. */
export function clientFilesOf(login: ClientFiles | undefined): readonly string[] {
  return options.flatMap((option) => login?.[option] ?? []);
}

/** The checks of `issuers[].login`. No problem contains a part of a file. */
export function clientFileChecks(
  login: ClientFiles,
  at: string,
  readFile: (path: string) => string,
): readonly FileCheck[] {
  const { clientSecretFile, clientAssertionFile, privateKeyFile, certFile, keyFile } = login;
  const filled = (file: string) => () => {
    if (readFile(file).trim() === '') throw new Error('the file is empty; write the value into it');
  };
  const check = (option: string, source: string | undefined, attempt: () => unknown): FileCheck[] =>
    source === undefined ? [] : [{ path: `${at}.${option}`, source, attempt }];
  return [
    ...check('clientSecretFile', clientSecretFile, filled(clientSecretFile ?? '')),
    ...check('clientAssertionFile', clientAssertionFile, filled(clientAssertionFile ?? '')),
    ...check('privateKeyFile', privateKeyFile, () => readPrivateKey(readFile(privateKeyFile ?? ''))),
    ...check('certFile', certFile, () =>
      keyFile === undefined
        ? undefined
        : readTls({ certFile: certFile ?? '', keyFile, minVersion: 'TLSv1.2' }, readFile),
    ),
  ];
}

/** The check of `sessions.keysFile`. */
export function sessionKeyChecks(
  file: string | undefined,
  readFile: (path: string) => string,
): readonly FileCheck[] {
  return file === undefined
    ? []
    : [{ path: 'sessions.keysFile', source: file, attempt: () => readSessionKeys(readFile(file)) }];
}

function readPrivateKey(pem: string): void {
  try {
    createPrivateKey(pem);
  } catch {
    throw new Error(
      'the file is not a private key in PEM without a password; convert it with `openssl pkcs8 -topk8 -nocrypt`',
    );
  }
}
