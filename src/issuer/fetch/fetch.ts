/** How this service fetches anything: one GET, bounded in time, size, redirects and where it may lead. */
import type { Agent, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import { maskUrls } from '../../config/values/quote-value.ts';
import { isLoopback, urlProblem } from '../../config/values/urls.ts';
import { http } from '../../runtime/node-http.ts';
import { decoderOf } from './content-coding.ts';
import { type Attempt, explainFailure } from './fetch-problems.ts';
import { guardedLookup, type Resolve, resolveBySystem } from './guarded-lookup.ts';
import { readNoProxy } from './no-proxy.ts';

/** What bounds a fetch. */
export interface FetchOptions {
  /** Milliseconds for everything: name lookup, connection, headers, body. */
  readonly timeout: number;
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Whether http:// may be used for another host than this machine. */
  readonly insecureHttp: boolean;
  /** Further certificates to trust, PEM; read at every fetch, so that a new file is taken up. */
  readonly extraCa: (() => string) | undefined;
  /** Whether the system's certificates are trusted beside those. */
  readonly trustSystemCas: boolean;
  /** A proxy's URL; `env` for what the environment says; empty for none. */
  readonly proxy: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whose endpoints these are, for messages. */
  readonly issuerName?: string;
  /** The option that names a URL; `issuer` where nothing else is said. */
  readonly optionOf?: (url: string) => Attempt['option'];
}

/** What came back with status 200. */
export interface Fetched {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The option that says where what is fetched is. */
export type PlaceOption = 'jwksUri' | 'discoveryUri';

/**
 * Fetches a document. Rejects with an Error whose message says what went wrong.
 *
 * @param from the URL of the document that named this one, which may lead to less; undefined where the configuration did
 * @param option what an operator sets to have it fetched from elsewhere; by default `jwksUri`
 */
export type Fetch = (url: string, from?: string, option?: PlaceOption) => Promise<Fetched>;

/** Makes a fetch with its bounds. */
export function createFetch(options: FetchOptions, resolve: Resolve = resolveBySystem): Fetch {
  const agentsFor = createAgents(options.proxy, options.environment);
  const trust = createTrust(options);
  const { issuerName, optionOf = () => 'issuer' } = options;
  const whose = issuerName === undefined ? '' : ` of the issuer ${issuerName}`;

  return async (text, from, option = 'jwksUri') => {
    const problem = urlProblem(text);
    if (problem !== undefined) throw new Error(`${shortened(text)} may not be fetched: ${problem}`);
    const url = new URL(text);
    if (url.protocol === 'http:' && !options.insecureHttp && !isLoopback(url)) {
      throw new Error(
        `${shortened(text)} may not be fetched: plain http:// is allowed only with insecureHttp`,
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
        // What is left of it is not read.
        response.destroy();
      }
    } catch (error) {
      const place = `${shortened(text)}${whose}`;
      if (signal.aborted)
        throw new Error(
          `${place} did not answer within ${options.timeout} ms${proxy === undefined ? '' : ` through the proxy ${proxy}`}; is it up, and is egress to it allowed (NetworkPolicy, firewall, ServiceEntry)? \`keys.timeout\` is the longest wait (ETIMEDOUT)`,
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
      throw new Error(`${place} could not be fetched: ${problem}`, { cause: error });
    }
  };
}

interface Agents {
  readonly http: Agent;
  readonly https: https.Agent;
  /** Host and port of the proxy that they ask; undefined where they ask none. */
  readonly proxy: string | undefined;
}

/** Agents of our own: the global ones listen to the environment when Node is told so. */
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

/** A proxy of the environment; without a scheme it is `http://`, as elsewhere. @throws Error where it cannot be used */
function proxyUrl(text: string, variable: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.href;
  throw new Error(
    `${variable} of the environment is not the http:// URL of a proxy, and \`httpsProxy: env\` takes it`,
  );
}

function agentsThrough(proxy: string): Agents {
  const options = proxy === '' ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  return {
    http: new http.Agent(options),
    // A session that is resumed is not judged again: an authority that is trusted no more would be trusted on.
    https: new https.Agent({ ...options, maxCachedSessions: 0 }),
    proxy: proxy === '' ? undefined : (URL.parse(proxy)?.host ?? 'whose address is no URL'),
  };
}

/** Builds the trust for one fetch, and again only when the extra certificates have changed. */
function createTrust({ extraCa, trustSystemCas }: FetchOptions): () => tls.SecureContext | undefined {
  if (extraCa === undefined) return () => undefined;
  let known: { readonly pem: string; readonly context: tls.SecureContext } | undefined;
  return () => {
    const pem = extraCa();
    if (known?.pem !== pem) {
      const system = trustSystemCas ? tls.getCACertificates('default') : [];
      // A file may hold an intermediate certificate, or the server's own, without what signed it.
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
    // Said aloud, or NODE_TLS_REJECT_UNAUTHORIZED could switch it off.
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

/** @throws Error that says what came instead of a document */
function requireStatus({ statusCode = 0, headers }: IncomingMessage, url: URL, option: PlaceOption): void {
  if (statusCode === 200) return;
  const { location } = headers;
  const redirect =
    statusCode < 300 || statusCode > 399 || location === undefined
      ? ''
      : `: it redirects to ${targetOf(location, url)}, and redirects are not followed; if that is the right place, set \`${option}\` to it`;
  throw Object.assign(new Error(`status ${statusCode} instead of 200${redirect}`), { statusCode });
}

/** Where a redirect leads, as a message names it: without what may be a secret. */
function targetOf(location: string, from: URL): string {
  const target = URL.parse(location, from);
  if (target === null) return 'something that is not a URL';
  return shortened(target.origin === 'null' ? target.protocol : target.origin + target.pathname);
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Fetched> {
  const { headers } = response;
  const decode = decoderOf(headers['content-encoding'] ?? '');
  const tooLarge = () => new Error(`it is larger than ${maxBytes} bytes`);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();

  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection ended before the answer did');
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
