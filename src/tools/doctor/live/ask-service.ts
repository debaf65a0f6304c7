/** Asks the admin listener of a running service for its state, its metrics and its last denials. */
import type { Config } from '../../../config/declare/options.ts';
import { maxRecentDenials } from '../../../observe/recent-denials.ts';
import { parseJson } from '../../../runtime/parse-json.ts';
import { configHash } from '../../../service/config-hash.ts';
import { singleProblem } from '../../single-problem.ts';
import type { Ask } from '../ask.ts';
import { listAt, valueAt } from '../envoy/message.ts';
import { clockDifference } from './clock-difference.ts';
import { readMetrics, type Sample } from './metrics-text.ts';

/** The limits of one request to the admin listener. */
export const serviceLimits = { timeout: 10_000, maxBodyBytes: 16 * 1024 * 1024 };

/** The input of the rules about a running service. */
export interface ServiceInput {
  /** The URL of the admin listener. */
  readonly url: string;
  /** The configuration in the file, and its hash; undefined if none is named. */
  readonly file: { readonly source: string; readonly hash: string } | undefined;
  /** The JSON of `/readyz`. */
  readonly readiness: unknown;
  readonly samples: readonly Sample[];
  /** The members of `/decisions`, newest first; undefined without access. */
  readonly denials: readonly unknown[] | undefined;
  /** By how much the clock of the service is ahead of this machine, in milliseconds; undefined if it does not say. */
  readonly clockAhead: number | undefined;
}

/**
 * Asks a service.
 *
 * @throws ConfigError if it does not answer, or if the answer is not its own
 */
export async function askService(
  url: string,
  ask: Ask,
  named: { readonly config: Config; readonly source: string } | undefined,
  now: () => number,
): Promise<{ readonly input: ServiceInput; readonly notes: readonly string[] }> {
  const sent = now();
  const readyz = await ask('/readyz');
  const received = now();
  const readiness = jsonOf(readyz.body);
  if (typeof valueAt(readiness, 'ready') !== 'boolean')
    throw singleProblem(
      'flag --admin',
      'the response to /readyz is not one of oidc-authz; name the port of the admin listener, 8081 by default',
    );
  const metrics = await ask('/metrics');
  const decisions = await ask(`/decisions?limit=${maxRecentDenials}`);
  const hasAccess = decisions.status === 200;
  return {
    input: {
      url,
      file: named && { source: named.source, hash: configHash(named.config) },
      readiness,
      samples: metrics.status === 200 ? readMetrics(metrics.body) : [],
      denials: hasAccess ? listAt(jsonOf(decisions.body), 'decisions') : undefined,
      clockAhead: clockDifference(
        Object.fromEntries(readyz.headers.map(([name, value]) => [name.toLowerCase(), value])),
        sent,
        received,
      ),
    },
    notes: [
      `Asked the service at ${url}.`,
      ...(hasAccess
        ? []
        : [
            `The last denials were not read: ${url}/decisions answers ${decisions.status}. Connect through kubectl port-forward, or pass --admin-token-file.`,
          ]),
    ],
  };
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
