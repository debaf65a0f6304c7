/** The files of certificates that are trusted for an issuer's endpoints, beside the system's. */
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import { requireCertificates } from '../../runtime/files/pem-blocks.ts';

/** Further certificates to trust. */
export interface TrustedCertificates {
  /** The certificates in PEM, as they were when the files were last good. @throws Error where they never were */
  readonly read: () => string;
  /** Begins to follow the files. */
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Makes the certificates of some files.
 *
 * @param onReload is told each time the files have changed: why they cannot be used, or undefined where they can
 */
export function createTrustedCertificates(
  paths: readonly string[],
  files: FollowedFiles,
  onReload: (error: Error | undefined) => void,
): TrustedCertificates {
  let good: string | undefined;
  let following = files.follow([], () => {});
  const read = () => paths.map((path) => readCertificates(path, files)).join('\n');
  const reload = () => {
    try {
      good = read();
      onReload(undefined);
    } catch (error) {
      onReload(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return {
    read: () => {
      good ??= read();
      return good;
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
