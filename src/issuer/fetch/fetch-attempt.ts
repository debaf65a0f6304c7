/** One attempt to fetch a document, and the settings that an operator can change about it. */

/** The parameters and the progress of a fetch. */
export interface Attempt {
  readonly url: URL;
  /** The option that names the URL; `login` for an endpoint of a login; undefined if a discovery document does. */
  readonly option: 'issuer' | 'discoveryUri' | 'jwksUri' | 'login' | undefined;
  readonly hasCaFile: boolean;
  readonly trustSystemCas: boolean;
  /** Whether the response headers had arrived when the attempt failed. */
  readonly hasAnswered: boolean;
  /** Host and port of the proxy; undefined without a proxy. */
  readonly proxy: string | undefined;
  /** Whether the proxy comes from the environment. */
  readonly isProxyOfEnvironment: boolean;
}

/** How to correct the address. */
export function addressAdvice({ option }: Attempt): string {
  if (option === undefined)
    return 'the discovery document names this address; set `jwksUri` to the right one';
  if (option === 'login')
    return 'check this address in the discovery document of the issuer, or in `issuers[].login`';
  if (option !== 'issuer') return `check \`${option}\``;
  return 'check `issuer`, or set `discoveryUri` or `jwksUri` to the right address';
}

/** How to correct the proxy. */
export function proxyAdvice({ isProxyOfEnvironment }: Attempt): string {
  return isProxyOfEnvironment
    ? 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which `issuers[].httpsProxy: env` reads'
    : 'check `issuers[].httpsProxy`';
}

/** How to trust a certificate. */
export function trustAdvice(certificate: string, { hasCaFile, trustSystemCas }: Attempt): string {
  if (hasCaFile && !trustSystemCas)
    return `add ${certificate} to \`issuers[].caFile\`, or set \`issuers[].trustSystemCas: true\` if the system trusts it`;
  return hasCaFile
    ? `add ${certificate} to \`issuers[].caFile\``
    : `set \`issuers[].caFile\` to a file with ${certificate} (the chart: \`caBundle\`)`;
}

/** The port of a URL, also if it is the default one. */
export function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}
