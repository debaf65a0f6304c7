/** Runs the canary: all probes of one URL, with the identity headers of a configuration. */
import type { Config } from '../../config/declare/options.ts';
import { entryHeaders } from '../../config/rules/entry-headers.ts';
import { removedHeaders } from '../../config/rules/rule-problems.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { NoAnswer, sendOnce } from '../http-client.ts';
import { singleProblem } from '../single-problem.ts';
import { forgedHeaders } from './forged-headers.ts';
import { type ProbeResult, runProbes, type SendCanary } from './probes.ts';

/** The identity headers of a configuration, in lower case. */
export interface IdentityHeaderNames {
  /** Headers that a client must not supply. */
  readonly protectedHeaders: readonly string[];
  /** Those that the service sets. */
  readonly setHeaders: readonly string[];
}

/** A run of the canary. */
export interface CanaryOptions extends IdentityHeaderNames {
  readonly url: string;
  readonly ca: string | undefined;
  readonly anonymousPath: string | undefined;
  readonly token: string;
  /** Letters and digits. */
  readonly nonce: string;
  /** The longest wait for each response, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** Maximum size of a response body, in bytes. */
const maxBodyBytes = 256 * 1024;

/** Returns the identity headers of a configuration. */
export function identityHeadersOf(config: Config): IdentityHeaderNames {
  const isIdentity = (name: string) => name !== 'authorization' && name !== 'cookie';
  return {
    protectedHeaders: removedHeaders(config),
    setHeaders: entryHeaders(config).onAllow.filter(isIdentity),
  };
}

/**
 * Runs the probes.
 *
 * @throws ConfigError if the URL is invalid
 */
export async function runCanary(options: CanaryOptions): Promise<readonly ProbeResult[]> {
  const { ca, token, nonce, timeout, clock, anonymousPath, protectedHeaders, setHeaders } = options;
  const url = workloadUrl(options.url);
  const tls = { ca, cert: undefined, key: undefined };
  const send: SendCanary = (target, headers) =>
    sendOnce(url, { method: 'GET', target, headers: [['host', url.host], ...headers] }, tls, clock, {
      timeout,
      maxBodyBytes,
    });
  try {
    return await runProbes({
      send,
      path: `${url.pathname}${url.search}`,
      anonymousPath,
      token,
      setHeaders,
      forged: forgedHeaders(protectedHeaders, nonce),
      nonce,
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [
      {
        probe: 'the URL',
        result: 'unknown',
        found: error.message,
        fix: 'use a URL that leads through the mesh to the workload',
      },
    ];
  }
}

function workloadUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw singleProblem(
      'flag --url',
      'expected an http or https URL without credentials, such as https://orders.example.com/',
    );
  return url;
}
