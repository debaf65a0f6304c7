/** Reads PEM (RFC 7468) files of certificates and keys. */
import { X509Certificate } from 'node:crypto';

/** A PEM block. */
export interface PemBlock {
  /** The label, such as `CERTIFICATE`. */
  readonly label: string;
  /** The whole block, with its begin and end lines. */
  readonly text: string;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Finds the PEM blocks of a text.
 *
 * @throws Error if a block has no end, for example in a truncated file
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const found = [...text.matchAll(block)].map(([whole, label = '']) => ({ label, text: whole }));
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (begun !== found.length) throw new Error('a PEM block has no end; the file may be truncated');
  return found;
}

/**
 * Requires at least one certificate, and that each certificate is valid.
 *
 * @throws Error if there is none, or one is truncated or invalid
 */
export function requireCertificates(text: string): void {
  const certificates = pemBlocks(text).filter(({ label }) => label.endsWith('CERTIFICATE'));
  if (certificates.length === 0)
    throw new Error('expected certificates in PEM (-----BEGIN CERTIFICATE-----)');
  for (const { text: certificate } of certificates) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Error('a certificate in PEM is invalid');
    }
  }
}

/**
 * Returns when each certificate of a text expires, in milliseconds since the epoch, in the order of the text.
 *
 * @throws Error if a certificate is truncated or invalid
 */
export function certificateEnds(text: string): readonly number[] {
  return pemBlocks(text)
    .filter(({ label }) => label.endsWith('CERTIFICATE'))
    .map((certificate) => new X509Certificate(certificate.text).validToDate.getTime());
}

/**
 * Requires a private key.
 *
 * @throws Error if there is none, or one is truncated
 */
export function requirePrivateKey(text: string): void {
  if (!pemBlocks(text).some(({ label }) => label.endsWith('PRIVATE KEY')))
    throw new Error('expected a private key in PEM (-----BEGIN PRIVATE KEY-----)');
}
