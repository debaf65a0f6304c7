/** `oidc-authz explain`: runs one of its modes, and makes the result. */
import type { Config } from '../../config/declare/options.ts';
import type { ConfigSources } from '../../config/load/load.ts';
import type { ExplainRequest, ServiceState } from '../../model/explanation.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { AdminAccess } from '../admin-client.ts';
import { type ClientTls, NoAnswer } from '../http-client.ts';
import { envoyResult } from './envoy-result.ts';
import { reloadFixes, reloadNote } from './failed-reload.ts';

import { type ExplainResult, explainedMembers, helpMember, shownRequest } from './result.ts';
import { claimsOf, tokenOf } from './token-parts.ts';

/** The configuration, service or port to ask. */
export type ExplainTarget =
  | {
      readonly mode: 'offline';
      /** How the output names the configuration. */
      readonly name: string;
      readonly config: Config;
      readonly sources: Pick<ConfigSources, 'environment' | 'readFile'>;
      /** Milliseconds since the epoch. */
      readonly at: number | undefined;
      readonly jwks: string | undefined;
    }
  | { readonly mode: 'online'; readonly access: AdminAccess }
  | { readonly mode: 'http'; readonly origin: URL; readonly pathPrefix: string; readonly tls: ClientTls }
  | { readonly mode: 'grpc'; readonly address: string; readonly tls: ClientTls | undefined };

/**
 * Explains a request.
 *
 * @param showsClaims whether the result has the claims of a verified token
 * @throws NoAnswer if there is no answer, ConfigError if a file cannot be used
 */
export async function explain(
  target: ExplainTarget,
  request: ExplainRequest,
  showsClaims: boolean,
  clock: Clock,
): Promise<ExplainResult> {
  const time = new Date((target.mode === 'offline' ? target.at : undefined) ?? clock.now()).toISOString();
  const claims = (isVerified: boolean) => {
    const found = showsClaims && isVerified ? claimsOf(tokenOf(request)) : undefined;
    return found === undefined ? {} : { claims: found };
  };
  const shared = { request: shownRequest(request), time };
  switch (target.mode) {
    case 'offline': {
      const { explainOffline } = await import('./offline.ts');
      const { explanation, configHash, notes } = await explainOffline(request, target);
      return {
        mode: 'offline',
        from: target.name,
        ...shared,
        ...explainedMembers(explanation),
        ...claims(explanation.isVerified),
        configHash,
        notes: [...notes, ...incumbentNotes(explanation.hasIncumbent)],
      };
    }
    case 'online': {
      const { explainOnline } = await import('./online.ts');
      const { explanation, service } = await explainOnline(target.access, request);
      return {
        mode: 'online',
        from: target.access.origin.origin,
        ...shared,
        ...withReloadFix(explainedMembers(explanation), service),
        ...claims(explanation.isVerified),
        configHash: service.configHash,
        service,
        notes: [
          ...serviceNotes(service),
          ...issuerNotes(service, explanation.issuer, explanation.detail?.text),
          ...incumbentNotes(explanation.hasIncumbent),
        ],
      };
    }
    case 'http': {
      const { askOverHttp } = await import('./as-envoy-http.ts');
      const { origin, pathPrefix, tls } = target;
      const answer = await askOverHttp(origin, request, pathPrefix, tls, clock);
      return envoyResult(answer, { request, from: origin.origin, time, showsClaims });
    }
    case 'grpc': {
      const { askOverGrpc } = await import('./as-envoy-grpc.ts');
      const answer = await askOverGrpc(target.address, request, target.tls, clock);
      return envoyResult(answer, { request, from: target.address, time, showsClaims });
    }
    default:
      return target satisfies never;
  }
}

/**
 * Finds a recorded denial by its decision ID.
 *
 * @throws NoAnswer if the service does not answer or does not have it
 */
export async function explainDecision(access: AdminAccess, id: string): Promise<ExplainResult> {
  const { findDenial } = await import('./online.ts');
  const found = await findDenial(access, id);
  if (found === undefined)
    throw new NoAnswer(
      `${access.origin.origin} does not have the decision ID ${id}; ask the other replicas, or search their log: a replica stores its last 1,000 denials until it restarts`,
    );
  const { recorded, service } = found;
  const { outcome, reason, rule, policy, issuer, detail, option } = recorded;
  return {
    mode: 'decision',
    from: access.origin.origin,
    outcome,
    reason,
    decision: id,
    ...(rule !== undefined && { rule }),
    ...(policy !== undefined && { policy }),
    ...(issuer !== undefined && { issuer }),
    ...(detail !== undefined && { detail }),
    ...(option !== undefined && { option }),
    time: recorded.time,
    configHash: service.configHash,
    service,
    recorded,
    notes: [
      ...(recorded.enforced
        ? []
        : ['this decision had no effect: shadow mode allowed the request, or the incumbent decided']),
      ...serviceNotes(service),
      ...issuerNotes(service, issuer, detail),
      ...(reason === 'keys_unavailable' && isReady(service, issuer)
        ? [`the issuer ${issuer} is ready now: send the request again`]
        : []),
    ],
    ...withReloadFix(helpMember(reason), service),
  };
}

function incumbentNotes(hasIncumbent: boolean): readonly string[] {
  return hasIncumbent
    ? [
        'shadow.authorizer is set: the incumbent decides, and was not asked; this is the decision of this service',
      ]
    : [];
}

function serviceNotes({ failedReloads, ready, draining, workers }: ServiceState): readonly string[] {
  return [
    ...failedReloads.map(reloadNote),
    ...(ready ? [] : ['the service is not ready']),
    ...(draining ? ['the service is draining'] : []),
    ...(workers > 1
      ? [`one of ${workers} workers explained the request; each worker has a cache of its own`]
      : []),
  ];
}

/** The state of the issuer now, if the detail does not have it. */
function issuerNotes({ issuers }: ServiceState, issuer: string | undefined, detail = ''): readonly string[] {
  const found = issuers.find(({ name }) => name === issuer);
  if (found === undefined) return [];
  const { name, state, problem } = found;
  if (problem === undefined ? state === 'ready' : detail.includes(problem)) return [];
  return [`the issuer ${name} is ${state} now${problem === undefined ? '' : `: ${problem}`}`];
}

function isReady({ issuers }: ServiceState, issuer: string | undefined): boolean {
  return issuers.some(({ name, state }) => name === issuer && state === 'ready');
}

/** Puts the files that could not be loaded in front of the fixes: the fix can already be in such a file. */
function withReloadFix<T extends Pick<ExplainResult, 'help'>>(result: T, { failedReloads }: ServiceState): T {
  const { help } = result;
  if (help === undefined || failedReloads.length === 0) return result;
  return { ...result, help: { ...help, fix: [...failedReloads.flatMap(reloadFixes), ...help.fix] } };
}
