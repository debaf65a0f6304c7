/** The certificates of a connection to an issuer: those that it trusts, and the one that it shows. */
import tls from 'node:tls';

/** A client certificate and its key, in PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Which certificates a connection trusts. */
export interface TrustOptions {
  /** Reads further CA certificates, in PEM. Called for every request, so a changed file is used. */
  readonly extraCa: (() => string) | undefined;
  /** Whether the system's CA certificates are trusted in addition to those. */
  readonly trustSystemCas: boolean;
}

/** Builds the context of a connection; undefined if the defaults are right. @throws Error if a certificate or the key is invalid */
export type Trust = (shown?: ClientCertificate) => tls.SecureContext | undefined;

/** Creates the {@link Trust} of an issuer. It builds a context again only after its certificates changed. */
export function createTrust({ extraCa, trustSystemCas }: TrustOptions): Trust {
  let known:
    | { readonly pem: string | undefined; readonly shown: string; readonly context: tls.SecureContext }
    | undefined;
  return (shown) => {
    if (extraCa === undefined && shown === undefined) return undefined;
    const pem = extraCa?.();
    const shownText = shown === undefined ? '' : shown.cert + shown.key;
    if (known === undefined || known.pem !== pem || known.shown !== shownText) {
      const system = trustSystemCas ? tls.getCACertificates('default') : [];
      const context = tls.createSecureContext({
        // A file may have an intermediate certificate, or the server's own, without the CA that signed it.
        ...(pem !== undefined && { ca: [...system, pem], allowPartialTrustChain: true }),
        ...shown,
      });
      known = { pem, shown: shownText, context };
    }
    return known.context;
  };
}
