/** Reads how to reach an admin listener from `--admin`, `--admin-token-file`, `--ca-file`, `--cert-file` and `--key-file`. */
import { isOrigin } from '../config/values/urls.ts';
import { systemClock } from '../runtime/time/clock.ts';
import type { AdminAccess } from '../tools/admin-client.ts';
import type { ClientTls } from '../tools/http-client.ts';
import { readInputFile } from '../tools/input-file.ts';
import { singleProblem } from '../tools/single-problem.ts';
import { credentialIn } from '../tools/token-input.ts';
import type { FlagReader } from './flag-reader.ts';

/**
 * Reads the access to a listener.
 *
 * @param url the value of `--admin`
 * @throws ConfigError if a value or a file is invalid
 */
export function readAdminAccess(
  flags: FlagReader,
  url: string,
  readFile: (path: string) => string,
): AdminAccess {
  const file = flags.last('--admin-token-file');
  const text = file === undefined ? undefined : readInputFile(file, readFile);
  return {
    origin: originOf(url, '--admin', 'http://127.0.0.1:8081'),
    tls: readTls(flags, readFile),
    token: text === undefined ? undefined : credentialIn(text, file ?? '', ['Bearer']).token,
    clock: systemClock,
  };
}

/** Reads a URL without a path. @throws ConfigError if it is not one */
export function originOf(text: string, flag: string, example: string): URL {
  if (!isOrigin(text))
    throw singleProblem(`flag ${flag}`, `expected a URL such as ${example}, without a path`);
  return new URL(text);
}

/** Reads the files of a TLS client. @throws ConfigError if a file cannot be read */
export function readTls(flags: FlagReader, readFile: (path: string) => string): ClientTls {
  const read = (flag: string) => {
    const file = flags.last(flag);
    return file === undefined ? undefined : readInputFile(file, readFile, `flag ${flag} ${file}`);
  };
  const [ca, cert, key] = [read('--ca-file'), read('--cert-file'), read('--key-file')];
  if ((cert === undefined) !== (key === undefined))
    throw singleProblem(
      'flag --cert-file',
      'a certificate and its key belong together; write --cert-file and --key-file',
    );
  return { ca, cert, key };
}
