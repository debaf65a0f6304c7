/** The files of logins: the keys of sessions, and what authenticates the client at an issuer. */
import { createPrivateKey } from 'node:crypto';
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import { readSessionKeys } from '../config/login/session-keys.ts';
import { readTls } from '../transport/shared/tls.ts';
import type { FileCheck } from './file-check.ts';

/** The parts of a configuration that name files of logins. */
export interface NamesLoginFiles {
  readonly issuers: readonly Pick<IssuerConfig, 'login'>[];
  readonly sessions?: Pick<NonNullable<Config['sessions']>, 'keysFile'> | undefined;
}

/** The paths of the files. */
export function loginFilesOf({ issuers, sessions }: NamesLoginFiles): readonly string[] {
  const ofClients = issuers.flatMap(({ login }) => [
    login?.clientSecretFile,
    login?.privateKeyFile,
    login?.clientAssertionFile,
    login?.certFile,
    login?.keyFile,
  ]);
  return [sessions?.keysFile, ...ofClients].filter((path) => path !== undefined);
}

/** The checks of the files. */
export function loginFileChecks(
  { issuers, sessions }: NamesLoginFiles,
  readFile: (path: string) => string,
): readonly FileCheck[] {
  const keys =
    sessions === undefined
      ? []
      : [
          {
            path: 'sessions.keysFile',
            source: sessions.keysFile,
            attempt: () => readSessionKeys(readFile(sessions.keysFile)),
          },
        ];
  return [
    ...keys,
    ...issuers.flatMap((issuer, index) => clientChecks(issuer, `issuers[${index}].login`, readFile)),
  ];
}

function clientChecks(
  { login }: Pick<IssuerConfig, 'login'>,
  at: string,
  readFile: (path: string) => string,
): readonly FileCheck[] {
  const { clientSecretFile, privateKeyFile, clientAssertionFile, certFile, keyFile } = login ?? {};
  const check = (option: string, source: string | undefined, attempt: (text: string) => unknown) =>
    source === undefined
      ? []
      : [{ path: `${at}.${option}`, source, attempt: () => attempt(readFile(source)) }];
  return [
    ...check('clientSecretFile', clientSecretFile, requireText),
    ...check('privateKeyFile', privateKeyFile, requireKey),
    ...check('clientAssertionFile', clientAssertionFile, requireText),
    ...(certFile === undefined || keyFile === undefined
      ? []
      : [
          {
            path: `${at}.certFile`,
            source: certFile,
            attempt: () => readTls({ certFile, keyFile, minVersion: 'TLSv1.2' }, readFile),
          },
        ]),
  ];
}

function requireText(text: string): void {
  if (text.trim() === '') throw new Error('the file is empty; write the secret into it');
}

/** The error of the library can have a part of the file. */
function requireKey(text: string): void {
  try {
    createPrivateKey(text);
  } catch {
    throw new Error('the file has no private key in PEM without a password; write the key as PKCS #8');
  }
}
