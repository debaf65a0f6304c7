/** How every request to one issuer is sent: which certificates it trusts, and through which proxy it goes. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import { createTrustedCertificates, type TrustedCertificates } from './ca-files.ts';
import type { RequestOptions } from './request.ts';

/** The dependencies. */
export interface IssuerConnectionDependencies {
  readonly files: FollowedFiles;
  readonly environment: RequestOptions['environment'];
  /** Called after each change of the CA files, with the error if the new content is invalid. */
  readonly onTrustReload: (error: Error | undefined) => void;
}

/** The connection. */
export interface IssuerConnection {
  /** The CA files; undefined if there are none. The caller starts and stops to follow them. */
  readonly trusted: TrustedCertificates | undefined;
  /** The options of requests that the issuer decides. */
  readonly options: Pick<
    RequestOptions,
    'insecureHttp' | 'extraCa' | 'trustSystemCas' | 'proxy' | 'environment' | 'issuerName'
  >;
}

/** Creates the connection. */
export function createIssuerConnection(
  { name, caFile, trustSystemCas, httpsProxy, insecureHttp }: IssuerConfig,
  { files, environment, onTrustReload }: IssuerConnectionDependencies,
): IssuerConnection {
  const trusted =
    caFile === undefined ? undefined : createTrustedCertificates([caFile].flat(), files, onTrustReload);
  return {
    trusted,
    options: {
      insecureHttp,
      extraCa: trusted?.read,
      trustSystemCas,
      proxy: httpsProxy,
      environment,
      issuerName: name,
    },
  };
}
