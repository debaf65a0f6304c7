/** The agents that connect to an issuer, directly or through a proxy. */
import type { Agent } from 'node:http';
import https from 'node:https';
import { http } from '../../runtime/node-http.ts';
import { readNoProxy } from './no-proxy.ts';

/** The agents of a destination. */
export interface Agents {
  readonly http: Agent;
  readonly https: https.Agent;
  /** Host and port of the proxy; undefined without a proxy. */
  readonly proxy: string | undefined;
}

/**
 * Creates agents of its own, because the global ones follow the environment if Node is configured so.
 *
 * @param proxy the URL of a proxy; `env` to read it from the environment; empty for no proxy
 * @returns finds the agents of a URL
 */
export function createAgents(
  proxy: string,
  environment: Readonly<Record<string, string | undefined>>,
): (url: URL) => Agents {
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
