/** Text with PEM blocks (RFC 7468), such as files of certificates and keys. */
import { X509Certificate } from 'node:crypto';

/** One block. */
export interface PemBlock {
  /** What it holds, as in `CERTIFICATE`. */
  readonly label: string;
  /** From its first dash to its last. */
  readonly text: string;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Finds the blocks of a text.
 *
 * @throws Error where one begins and does not end, as in a file that was cut
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const found = [...text.matchAll(block)].map(([whole, label = '']) => ({ label, text: whole }));
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (begun !== found.length) throw new Error('a PEM block begins and does not end; the file may be cut');
  return found;
}

/**
 * Makes sure that a text is certificates to trust.
 *
 * @throws Error where it holds none, one that is cut, or one that cannot be read
 */
export function requireCertificates(text: string): void {
  const certificates = pemBlocks(text).filter(({ label }) => label.endsWith('CERTIFICATE'));
  if (certificates.length === 0)
    throw new Error('expected certificates in PEM (-----BEGIN CERTIFICATE-----)');
  for (const { text: certificate } of certificates) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Error('a certificate in PEM cannot be read');
    }
  }
}

/**
 * Makes sure that a text has a private key.
 *
 * @throws Error where it has none, or one that is cut
 */
export function requirePrivateKey(text: string): void {
  if (!pemBlocks(text).some(({ label }) => label.endsWith('PRIVATE KEY')))
    throw new Error('expected a private key in PEM (-----BEGIN PRIVATE KEY-----)');
}
