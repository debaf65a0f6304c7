/** The CA files of an issuer (`caFile`), which are read again when they change. */
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import { requireCertificates } from '../../runtime/files/pem-blocks.ts';

/** The CA certificates of an issuer. */
export interface TrustedCertificates {
  /** The certificates in PEM, from the last valid version of the files. @throws Error if there never was one */
  readonly read: () => string;
  /** Starts to follow the files. */
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Creates the CA certificates of some files.
 *
 * @param onReload called after each change of the files, with the error if the new content is invalid
 */
export function createTrustedCertificates(
  paths: readonly string[],
  files: FollowedFiles,
  onReload: (error: Error | undefined) => void,
): TrustedCertificates {
  let current: string | undefined;
  let following = files.follow([], () => {});
  const read = () => paths.map((path) => readCertificates(path, files)).join('\n');
  const reload = () => {
    try {
      current = read();
      onReload(undefined);
    } catch (error) {
      onReload(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return {
    read: () => {
      current ??= read();
      return current;
    },
    start: () => {
      following = files.follow(paths, reload);
    },
    stop: () => following.stop(),
  };
}

/**
 * Reads a file of certificates.
 *
 * @throws Error that names the file
 */
function readCertificates(path: string, files: FollowedFiles): string {
  try {
    const text = files.read(path);
    requireCertificates(text);
    return text;
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
