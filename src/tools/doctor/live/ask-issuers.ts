/** Asks the issuers of a configuration, with the fetch of the service: its limits, certificates, proxy and messages. */
import tls from 'node:tls';
import type { Config, IssuerConfig } from '../../../config/declare/options.ts';
import { createFetch, type Fetch, type Fetched } from '../../../issuer/fetch/fetch.ts';
import { keySetRules, readKeySet, UnusableKeySetError } from '../../../issuer/keys/read-key-set.ts';
import type { UnusedKey } from '../../../issuer/keys/unused-keys.ts';
import { discover, wellKnownUrl } from '../../../issuer/source/discovery.ts';
import { parseJson } from '../../../runtime/parse-json.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { clockDifference } from './clock-difference.ts';

/** The answers of an issuer. */
export interface IssuerProbe {
  readonly issuer: IssuerConfig;
  /** Its position in `issuers`. */
  readonly index: number;
  /** Why its keys cannot be used; undefined without a problem. */
  readonly problem: string | undefined;
  /** By how much its clock is ahead of this machine, in milliseconds; undefined if it does not say. */
  readonly clockAhead: number | undefined;
  /** The discovery document; undefined without discovery. */
  readonly metadata: unknown;
  readonly documentUrl: string | undefined;
  readonly jwksUri: string | undefined;
  readonly unused: readonly UnusedKey[];
  /** When the certificate of the key set's server expires, in milliseconds since the epoch; undefined if unknown. */
  readonly certificateEnd: number | undefined;
}

/** The dependencies. */
export interface IssuerQuestion {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
}

/** Asks each issuer whose keys are fetched; all at the same time. */
export async function askIssuers(question: IssuerQuestion): Promise<readonly IssuerProbe[]> {
  const fetched = question.config.issuers
    .map((issuer, index) => ({ issuer, index }))
    .filter(({ issuer }) =>
      [issuer.jwks, issuer.jwksFile, issuer.publicKeyFiles].every((keys) => keys === undefined),
    );
  return Promise.all(fetched.map(({ issuer, index }) => askIssuer(issuer, index, question)));
}

async function askIssuer(
  issuer: IssuerConfig,
  index: number,
  question: IssuerQuestion,
): Promise<IssuerProbe> {
  const { config, clock } = question;
  const responses = new Map<string, Fetched & { readonly clockAhead: number | undefined }>();
  const fetch = recordingFetch(issuer, question, responses);
  const documentUrl =
    issuer.jwksUri === undefined ? (issuer.discoveryUri ?? wellKnownUrl(issuer.issuer)) : undefined;
  let { jwksUri } = issuer;
  let problem: string | undefined;
  let unused: readonly UnusedKey[] = [];
  try {
    if (documentUrl !== undefined) ({ jwksUri } = await discover(issuer.issuer, documentUrl, fetch));
    if (jwksUri !== undefined) {
      const { body } = await fetch(jwksUri, documentUrl);
      ({ unused } = readKeySet(body, keySetRules(issuer, config.limits.maxIssuerKeys)));
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
    if (error instanceof UnusableKeySetError) unused = error.unused;
  }
  const document = documentUrl === undefined ? undefined : responses.get(documentUrl);
  return {
    issuer,
    index,
    problem,
    // The key set is the later response, and less often cached.
    clockAhead: responses.get(jwksUri ?? '')?.clockAhead ?? document?.clockAhead,
    metadata: document === undefined ? undefined : jsonOf(document.body),
    documentUrl,
    jwksUri,
    unused,
    certificateEnd:
      jwksUri === undefined || problem !== undefined
        ? undefined
        : await certificateEnd(new URL(jwksUri), issuer, question, clock),
  };
}

function recordingFetch(
  issuer: IssuerConfig,
  { config, environment, readFile, clock }: IssuerQuestion,
  responses: Map<string, Fetched & { readonly clockAhead: number | undefined }>,
): Fetch {
  const { caFile, trustSystemCas, httpsProxy, insecureHttp, name } = issuer;
  const fetch = createFetch({
    timeout: config.keys.timeout,
    maxBytes: config.limits.maxIssuerResponseSize,
    insecureHttp,
    extraCa: caFile === undefined ? undefined : () => certificatesIn([caFile].flat(), readFile),
    trustSystemCas,
    proxy: httpsProxy,
    environment,
    issuerName: name,
    optionOf: (url) => {
      if (url === issuer.jwksUri) return 'jwksUri';
      return url === issuer.discoveryUri ? 'discoveryUri' : 'issuer';
    },
  });
  return async (url, from, option) => {
    const sent = clock.now();
    const response = await fetch(url, from, option);
    responses.set(url, { ...response, clockAhead: clockDifference(response.headers, sent, clock.now()) });
    return response;
  };
}

function certificatesIn(files: readonly string[], readFile: (path: string) => string): string {
  return files.map(readFile).join('\n');
}

/** Reads when a server's certificate expires. A certificate that is not trusted is a problem of the fetch already. */
function certificateEnd(
  url: URL,
  { caFile, httpsProxy, trustSystemCas }: IssuerConfig,
  { config, readFile }: IssuerQuestion,
  clock: Clock,
): Promise<number | undefined> {
  if (url.protocol !== 'https:' || httpsProxy !== '') return Promise.resolve(undefined);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const system = trustSystemCas ? tls.getCACertificates('default') : [];
  const end = Promise.withResolvers<number | undefined>();
  const socket = tls.connect({
    host,
    port: url.port === '' ? 443 : Number(url.port),
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    rejectUnauthorized: true,
    ...(caFile !== undefined && {
      ca: [...system, certificatesIn([caFile].flat(), readFile)],
      allowPartialTrustChain: true,
    }),
  });
  const cancel = clock.after(config.keys.timeout, () => socket.destroy());
  socket.once('secureConnect', () => {
    const time = Date.parse(socket.getPeerCertificate().valid_to);
    end.resolve(Number.isNaN(time) ? undefined : time);
    socket.destroy();
  });
  socket.once('error', () => end.resolve(undefined));
  socket.once('close', () => {
    cancel();
    end.resolve(undefined);
  });
  return end.promise;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
