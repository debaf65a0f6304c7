/** The request that a check decides. Both transports produce it. */

/** A request that Envoy asks about. */
export interface CheckRequest {
  readonly method: string;
  /** As received. Several host lines are joined with commas. */
  readonly host: string;
  /** As received, with the query. It is not parsed. */
  readonly path: string;
  /** The value of each `authorization` header line, in order. */
  readonly authorization: readonly string[];
  /** The value of each `DPoP` header line (RFC 9449 section 4.1), in order. */
  readonly dpop: readonly string[];
  /** `x-forwarded-client-cert`, or empty. A proxy writes one line. Several lines are joined with line breaks, and none is trusted. */
  readonly forwardedClientCert: string;
  /** The certificate of the proxy's peer, as the proxy reports it: PEM, percent-encoded; or empty. */
  readonly peerCertificate: string;
  /** Address and principal (such as a SPIFFE ID) of the proxy's peer, as the proxy reports them; or empty. */
  readonly source: { readonly address: string; readonly principal: string };
  /** `x-request-id`, or empty. */
  readonly requestId: string;
  /** The policy that the proxy names, or empty if it names none. Undefined over HTTP, where the path selects the policy. */
  readonly policy: string | undefined;
  /** The downstream request: its target and every header line. Read only to forward the request to the incumbent. */
  readonly original: () => {
    readonly target: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
  };
  /** The value of each line of a header. Its name is in lower case. */
  readonly header: (name: string) => readonly string[];
}
