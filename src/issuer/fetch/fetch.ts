/** Fetches a document with one GET. Time, size and destination are limited, and redirects are not followed. */
import type { Agent, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import { maskUrls } from '../../config/values/quote-value.ts';
import { isLoopback, urlProblem } from '../../config/values/urls.ts';
import { http } from '../../runtime/node-http.ts';
import { decoderOf } from './content-coding.ts';
import type { Attempt } from './fetch-attempt.ts';
import { explainFailure } from './fetch-problems.ts';
import { guardedLookup, type Resolve, resolveBySystem } from './guarded-lookup.ts';
import { readNoProxy } from './no-proxy.ts';

/** Limits and settings of a fetch. */
export interface FetchOptions {
  /** Milliseconds for the whole fetch: name lookup, connection, headers and body. */
  readonly timeout: number;
  /** Maximum size of the body, in bytes. */
  readonly maxBytes: number;
  /** Whether http:// is allowed for other hosts than this machine. */
  readonly insecureHttp: boolean;
  /** Reads further CA certificates, in PEM. Called for every fetch, so a changed file is used. */
  readonly extraCa: (() => string) | undefined;
  /** Whether the system's CA certificates are trusted in addition to those. */
  readonly trustSystemCas: boolean;
  /** The URL of a proxy; `env` to read it from the environment; empty for no proxy. */
  readonly proxy: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The name of the issuer, for messages. */
  readonly issuerName?: string;
  /** The option that names a URL; `issuer` by default. */
  readonly optionOf?: (url: string) => Attempt['option'];
}

/** A response with status 200. */
export interface Fetched {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The option that sets the address of a document. */
export type AddressOption = 'jwksUri' | 'discoveryUri';

/**
 * Fetches a document. Rejects with an Error that explains the failure.
 *
 * @param from the URL of the document that named this one, which limits the addresses; undefined if the configuration names it.
 * @param option the option to set if the document has moved; `jwksUri` by default
 */
export type Fetch = (url: string, from?: string, option?: AddressOption) => Promise<Fetched>;

/** Creates a {@link Fetch}. */
export function createFetch(options: FetchOptions, resolve: Resolve = resolveBySystem): Fetch {
  const agentsFor = createAgents(options.proxy, options.environment);
  const trust = createTrust(options);
  const { issuerName, optionOf = () => 'issuer' } = options;
  const whose = issuerName === undefined ? '' : ` of the issuer ${issuerName}`;

  return async (text, from, option = 'jwksUri') => {
    const problem = urlProblem(text);
    if (problem !== undefined) throw new Error(`${shortened(text)} must not be fetched: ${problem}`);
    const url = new URL(text);
    if (url.protocol === 'http:' && !options.insecureHttp && !isLoopback(url)) {
      throw new Error(
        `${shortened(text)} must not be fetched: plain http:// requires \`issuers[].insecureHttp: true\``,
      );
    }
    const signal = AbortSignal.timeout(options.timeout);
    let proxy: string | undefined;
    let hasAnswered = false;
    try {
      const agents = agentsFor(url);
      proxy = agents.proxy;
      const guarded = guardedLookup(resolve, {
        url,
        from,
        insecureHttp: options.insecureHttp,
      });
      const response = await get(url, agents, trust, guarded, signal);
      hasAnswered = true;
      try {
        requireStatus(response, url, option);
        return await collect(response, options.maxBytes);
      } finally {
        response.destroy();
      }
    } catch (error) {
      const place = `${shortened(text)}${whose}`;
      if (signal.aborted)
        throw new Error(
          `${place} did not respond within ${options.timeout} ms${proxy === undefined ? '' : ` through the proxy ${proxy}`}; check that it runs and that egress to it is allowed (NetworkPolicy, firewall, ServiceEntry), or raise \`keys.timeout\` (ETIMEDOUT)`,
        );
      const problem = explainFailure(error, {
        url,
        option: from === undefined ? optionOf(text) : undefined,
        hasCaFile: options.extraCa !== undefined,
        trustSystemCas: options.trustSystemCas,
        hasAnswered,
        proxy,
        isProxyOfEnvironment: options.proxy === 'env',
      });
      throw new Error(`cannot fetch ${place}: ${problem}`, { cause: error });
    }
  };
}

interface Agents {
  readonly http: Agent;
  readonly https: https.Agent;
  /** Host and port of the proxy; undefined without a proxy. */
  readonly proxy: string | undefined;
}

/** Creates agents of its own, because the global ones follow the environment if Node is configured so. */
function createAgents(proxy: string, environment: FetchOptions['environment']): (url: URL) => Agents {
  const direct = agentsThrough('');
  if (proxy === '') return () => direct;
  if (proxy !== 'env') {
    const through = agentsThrough(proxy);
    return () => through;
  }
  const find = (name: string) => environment[name.toLowerCase()] || environment[name] || '';
  const bypasses = readNoProxy(find('NO_PROXY'));
  const through = new Map<string, Agents>();
  return (url) => {
    const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    const found = bypasses(url) ? '' : find(name);
    return found === ''
      ? direct
      : through.getOrInsertComputed(found, () => agentsThrough(proxyUrl(found, name)));
  };
}

/** Reads a proxy of the environment; without a scheme it is `http://`. @throws Error if it is not a proxy's URL */
function proxyUrl(text: string, variable: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.href;
  throw new Error(
    `the environment variable ${variable} is not the http:// or https:// URL of a proxy; correct it, or change \`issuers[].httpsProxy: env\``,
  );
}

function agentsThrough(proxy: string): Agents {
  const options = proxy === '' ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  return {
    http: new http.Agent(options),
    // A resumed session is not verified again: a certificate of a removed CA would still be trusted.
    https: new https.Agent({ ...options, maxCachedSessions: 0 }),
    proxy: proxy === '' ? undefined : (URL.parse(proxy)?.host ?? 'with an invalid URL'),
  };
}

/** Builds the trusted certificates of a fetch. Builds them again only after the extra certificates changed. */
function createTrust({ extraCa, trustSystemCas }: FetchOptions): () => tls.SecureContext | undefined {
  if (extraCa === undefined) return () => undefined;
  let known: { readonly pem: string; readonly context: tls.SecureContext } | undefined;
  return () => {
    const pem = extraCa();
    if (known?.pem !== pem) {
      const system = trustSystemCas ? tls.getCACertificates('default') : [];
      // A file may have an intermediate certificate, or the server's own, without the CA that signed it.
      const context = tls.createSecureContext({ ca: [...system, pem], allowPartialTrustChain: true });
      known = { pem, context };
    }
    return known.context;
  };
}

function get(
  url: URL,
  agents: Agents,
  trust: () => tls.SecureContext | undefined,
  guarded: LookupFunction,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const secureContext = trust();
  const options: https.RequestOptions = {
    signal,
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'oidc-authz' },
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED changes the default.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(secureContext !== undefined && { secureContext }),
    lookup: guarded,
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? https.get(url, { ...options, agent: agents.https })
        : http.get(url, { ...options, agent: agents.http });
    request.once('error', reject);
    request.once('response', resolve);
  });
}

/** @throws Error that names the status, and the target of a redirect */
function requireStatus({ statusCode = 0, headers }: IncomingMessage, url: URL, option: AddressOption): void {
  if (statusCode === 200) return;
  const { location } = headers;
  const redirect =
    statusCode < 300 || statusCode > 399 || location === undefined
      ? ''
      : `: it redirects to ${targetOf(location, url)}, and redirects are not followed; if that is the right address, set \`${option}\` to it`;
  throw Object.assign(new Error(`status ${statusCode} instead of 200${redirect}`), { statusCode });
}

/** The target of a redirect for a message, without its query, which may be secret. */
function targetOf(location: string, from: URL): string {
  const target = URL.parse(location, from);
  if (target === null) return 'an invalid URL';
  return shortened(target.origin === 'null' ? target.protocol : target.origin + target.pathname);
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Fetched> {
  const { headers } = response;
  const decode = decoderOf(headers['content-encoding'] ?? '');
  const tooLarge = () =>
    new Error(`the response is larger than ${maxBytes} bytes; raise \`limits.maxIssuerResponseSize\``);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();

  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection closed before the whole response arrived');
  const body = await decode(Buffer.concat(chunks), maxBytes);
  const flat = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return { body: body.toString('utf8'), headers: Object.fromEntries(flat) };
}

function shortened(url: string): string {
  const masked = maskUrls(url);
  return masked.length > 200 ? `${masked.slice(0, 200)}…` : masked;
}
