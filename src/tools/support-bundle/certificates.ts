/** The expiry of the certificates in the files that a configuration names. */
import type { Config } from '../../config/declare/options.ts';
import { certificateFilesOf } from '../../config/describe/certificate-files.ts';
import { certificateEnds } from '../../runtime/files/pem-blocks.ts';
import { readProblem } from '../../runtime/files/read-problem.ts';
import type { Part } from './part.ts';

/** A file with certificates. */
export type CertificateExpiry = { readonly option: string; readonly file: string } & Part<{
  /** The end of each certificate, in the order of the file, in ISO 8601. */
  readonly validTo: readonly string[];
}>;

/** Reads the certificates. Private keys are never read. */
export function certificateExpiries(config: Config, readFile: (path: string) => string): CertificateExpiry[] {
  return certificateFilesOf(config).map(({ option, file }) => ({
    option,
    file,
    ...validity(file, readFile),
  }));
}

function validity(file: string, readFile: (path: string) => string) {
  try {
    return { validTo: certificateEnds(readFile(file)).map((end) => new Date(end).toISOString()) };
  } catch (error) {
    return { unavailable: `cannot read the certificates: ${readProblem(error)}` };
  }
}
