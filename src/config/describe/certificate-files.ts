/** The certificate files that a configuration names. */
import type { Config } from '../declare/options.ts';

/** A file with certificates. */
export interface CertificateFile {
  /** The option that names the file. */
  readonly option: string;
  /** Whose certificates these are. */
  readonly use: string;
  readonly file: string;
}

/** Lists the certificate files of the listeners and issuers. */
export function certificateFilesOf({
  http,
  grpc,
  admin,
  issuers,
  login,
}: Pick<Config, 'http' | 'grpc' | 'admin' | 'issuers' | 'login'>): readonly CertificateFile[] {
  const listeners = { http, grpc, admin, ...(login !== undefined && { 'login.listener': login.listener }) };
  const ofListeners = Object.entries(listeners).flatMap(([name, { tls }]) => [
    { option: `${name}.tls.certFile`, use: `${name} listener`, file: tls?.certFile },
    {
      option: `${name}.tls.clientCaFile`,
      use: `client certificates of the ${name} listener`,
      file: tls?.clientCaFile,
    },
  ]);
  const ofIssuers = issuers.flatMap(({ name, caFile = [] }, index) =>
    [caFile]
      .flat()
      .map((file) => ({ option: `issuers[${index}].caFile`, use: `CA of the issuer ${name}`, file })),
  );
  const ofClients = issuers.map((issuer, index) => ({
    option: `issuers[${index}].login.certFile`,
    use: `client certificate at the issuer ${issuer.name}`,
    file: issuer.login?.certFile,
  }));
  return [...ofListeners, ...ofIssuers, ...ofClients].flatMap(({ file, ...rest }) =>
    file === undefined ? [] : [{ ...rest, file }],
  );
}
