/** The state of a running service, from its admin listener. */
import { type AdminAccess, askAdmin, jsonOf } from '../admin-client.ts';
import { NoAnswer } from '../http-client.ts';
import { isUnavailable, type Part, partOf } from './part.ts';

/** The number of denials that are collected. */
const maxDenials = 200;

/** A running service. */
export interface ServicePart {
  readonly admin: string;
  /** The response of `/readyz`. */
  readonly readiness: Part<object>;
  /** The hash of its configuration, from its metrics. */
  readonly configurationHash: Part<{ readonly hash: string }>;
  /** Its last denials, newest first. */
  readonly denials: Part<readonly unknown[]>;
  /** The response of `/metrics`, by line, without comments. */
  readonly metrics: Part<readonly string[]>;
}

/** Asks an admin listener. A question that fails does not affect the others. */
export async function servicePart(access: AdminAccess): Promise<ServicePart> {
  const metrics = await partOf(() => readMetrics(access));
  return {
    admin: access.origin.origin,
    readiness: await partOf(() => readReadiness(access)),
    configurationHash: await partOf(() => ({ hash: hashIn(metrics) })),
    denials: await partOf(() => readDenials(access)),
    metrics,
  };
}

async function readReadiness(access: AdminAccess): Promise<object> {
  const ready = jsonOf(await askAdmin(access, 'GET', '/readyz'), access, [200, 503]);
  return typeof ready === 'object' && ready !== null ? ready : unexpected('/readyz', access);
}

async function readMetrics(access: AdminAccess): Promise<readonly string[]> {
  const { status, body } = await askAdmin(access, 'GET', '/metrics');
  if (status !== 200 || !body.includes('oidc_authz_build_info')) return unexpected('/metrics', access);
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Reads the last denials, without the id of the request, because a client can choose it. */
async function readDenials(access: AdminAccess): Promise<readonly unknown[]> {
  const answer = jsonOf(await askAdmin(access, 'GET', `/decisions?limit=${maxDenials}`), access);
  if (
    typeof answer !== 'object' ||
    answer === null ||
    !('decisions' in answer) ||
    !Array.isArray(answer.decisions)
  )
    return unexpected('/decisions', access);
  return answer.decisions.map(({ requestId: _, ...denial }: Record<string, unknown>) => denial);
}

function hashIn(metrics: Part<readonly string[]>): string {
  if (isUnavailable(metrics)) throw new NoAnswer(metrics.unavailable);
  const [, hash] = /^oidc_authz_config_hash_info\{.*\bhash="(\w+)"/m.exec(metrics.join('\n')) ?? [];
  if (hash === undefined) throw new NoAnswer('the metrics do not have it');
  return hash;
}

function unexpected(path: string, { origin }: AdminAccess): never {
  throw new NoAnswer(`${origin.origin}${path} has other content; is it the admin listener of this service?`);
}
