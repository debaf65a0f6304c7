/** When the certificates of a configuration expire. */
import { certificateFilesOf } from '../config/describe/certificate-files.ts';
import { certificateEnds } from '../runtime/files/pem-blocks.ts';
import type { CertificateView } from '../transport/console/content.ts';

/** Reads the certificate files of the listeners and issuers. A file counts with the certificate that expires first. */
export function certificatesOf(
  config: Parameters<typeof certificateFilesOf>[0],
  readFile: (path: string) => string,
): readonly CertificateView[] {
  return certificateFilesOf(config).map(({ use, file }) => ({ use, file, ...expiryOf(file, readFile) }));
}

function expiryOf(
  file: string,
  readFile: (path: string) => string,
): Pick<CertificateView, 'expires' | 'problem'> {
  try {
    const ends = certificateEnds(readFile(file));
    return { expires: ends.length === 0 ? undefined : Math.min(...ends) };
  } catch {
    return { expires: undefined, problem: 'the file cannot be read' };
  }
}
