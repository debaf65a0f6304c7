/** The certificate files that a configuration names. */
import type { Config } from '../declare/options.ts';
import { listenerTls } from './listener-tls.ts';

/** A file with certificates. */
export interface CertificateFile {
  /** The option that names the file. */
  readonly option: string;
  /** Whose certificates these are. */
  readonly use: string;
  readonly file: string;
}

/** Lists the certificate files of the listeners, the issuers and the store. */
export function certificateFilesOf(
  config: Pick<Config, 'http' | 'grpc' | 'admin' | 'issuers'> & Partial<Pick<Config, 'login' | 'state'>>,
): readonly CertificateFile[] {
  const ofListeners = listenerTls(config).flatMap(({ name, option, tls }) => [
    { option: `${option}.certFile`, use: `${name} listener`, file: tls?.certFile },
    {
      option: `${option}.clientCaFile`,
      use: `client certificates of the ${name} listener`,
      file: tls?.clientCaFile,
    },
  ]);
  const ofIssuers = config.issuers.flatMap(({ name, caFile = [] }, index) =>
    [caFile]
      .flat()
      .map((file) => ({ option: `issuers[${index}].caFile`, use: `CA of the issuer ${name}`, file })),
  );
  const ofClients = config.issuers.map(({ name, login }, index) => ({
    option: `issuers[${index}].login.certFile`,
    use: `client certificate at the issuer ${name}`,
    file: login?.certFile,
  }));
  const { caFile, certFile } = config.state?.valkey ?? {};
  const ofStore = [
    { option: 'state.valkey.caFile', use: 'CA of the store', file: caFile },
    { option: 'state.valkey.certFile', use: 'client certificate at the store', file: certFile },
  ];
  return [...ofListeners, ...ofIssuers, ...ofClients, ...ofStore].flatMap(({ file, ...rest }) =>
    file === undefined ? [] : [{ ...rest, file }],
  );
}
