/** The expiry of the certificates in the files that a configuration names. */
import { X509Certificate } from 'node:crypto';
import type { Config } from '../../config/declare/options.ts';
import { pemBlocks } from '../../runtime/files/pem-blocks.ts';
import { readProblem } from '../../runtime/files/read-problem.ts';
import type { Part } from './part.ts';

/** A file with certificates. */
export type CertificateFile = { readonly option: string; readonly file: string } & Part<{
  /** The end of each certificate, in the order of the file, in ISO 8601. */
  readonly validTo: readonly string[];
}>;

/** Reads the certificates. Private keys are never read. */
export function certificateFiles(config: Config, readFile: (path: string) => string): CertificateFile[] {
  const ofListeners = (['http', 'grpc', 'admin'] as const).flatMap((name) =>
    (['certFile', 'clientCaFile'] as const).map((member) => [
      `${name}.tls.${member}`,
      config[name].tls?.[member],
    ]),
  );
  const ofIssuers = config.issuers.flatMap(({ caFile = [] }, index) =>
    [caFile].flat().map((file) => [`issuers[${index}].caFile`, file]),
  );
  return [...ofListeners, ...ofIssuers].flatMap(([option = '', file]) =>
    file === undefined ? [] : [{ option, file, ...validity(file, readFile) }],
  );
}

function validity(file: string, readFile: (path: string) => string) {
  try {
    const certificates = pemBlocks(readFile(file)).filter(({ label }) => label.endsWith('CERTIFICATE'));
    return { validTo: certificates.map(({ text }) => new X509Certificate(text).validToDate.toISOString()) };
  } catch (error) {
    return { unavailable: `cannot read the certificates: ${readProblem(error)}` };
  }
}
