/** Answers the requests to the admin listener about the deny list in the store. */
import type { Config } from '../../config/declare/options.ts';
import type { Logger } from '../../observe/logger.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { createBucket } from '../../runtime/time/token-bucket.ts';
import {
  type AdminRequest,
  type AdminResponse,
  type AdminRoute,
  jsonResponse,
  textResponse,
} from '../../transport/admin/route.ts';
import type { RevokeRequest } from './request.ts';
import type { NotDone, Revocations } from './revocations.ts';
import type { Revocation } from './stored-value.ts';

/** The dependencies of the answers. */
export interface RevocationAnswersDependencies {
  /** The list; undefined without `denyList.store`. */
  readonly revocations: () => Revocations | undefined;
  readonly config: () => Config;
  readonly logger: Pick<Logger, 'info'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** A list of 10,000 entries takes several milliseconds, in which no check is answered. */
const listRate = { burst: 10, perSecond: 2 };

/** Each change is sent to every replica. */
const changeRate = { burst: 100, perSecond: 20 };

const prefix = '/revocations/';

const notConfigured = textResponse(
  501,
  'nothing was changed: this service has no deny list in a store; set state and denyList.store (docs/revocation.md), or list the token in denyList.file',
);
const otherType = textResponse(415, 'nothing was revoked: expected the content type application/json');

/** The answers. */
export interface RevocationAnswers {
  readonly list: AdminRoute['handle'];
  readonly add: AdminRoute['handle'];
  readonly lift: AdminRoute['handle'];
}

/** Creates the answers. */
export function createRevocationAnswers(dependencies: RevocationAnswersDependencies): RevocationAnswers {
  const { revocations, config, logger, clock } = dependencies;
  const [lists, changes] = [createBucket(listRate), createBucket(changeRate)];

  const list = (): AdminResponse => {
    const found = revocations();
    if (found === undefined) return notConfigured;
    if (!lists.take(clock.monotonic()))
      return textResponse(
        429,
        `more than ${listRate.perSecond} lists a second; wait a second, and try again`,
      );
    const age = found.age();
    return jsonResponse(200, {
      entries: found.all().map(describe),
      unreadable: found.unreadable(),
      ageSeconds: age === undefined ? null : Math.round(age / 1_000),
    });
  };
  const add = async ({ headers, body }: AdminRequest): Promise<AdminResponse> => {
    const found = revocations();
    if (found === undefined) return notConfigured;
    // A web page can send other types without a preflight request.
    if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) return otherType;
    if (!changes.take(clock.monotonic())) return tooMany('revoked');
    const json = jsonOf(body);
    const { readRevokeRequest, InvalidRevocation } = await import('./request.ts');
    let request: RevokeRequest;
    try {
      request = readRevokeRequest(json, config(), Math.floor(clock.now() / 1_000));
    } catch (error) {
      if (error instanceof InvalidRevocation)
        return textResponse(400, `nothing was revoked: ${error.message}`);
      throw error;
    }
    const added = await found.add(request.entry, request.note, request.life);
    if ('kind' in added) return notDone(added, 'revoked');
    log('an operator revoked tokens', added);
    return jsonResponse(201, describe(added));
  };
  const lift = async ({ path }: AdminRequest): Promise<AdminResponse> => {
    const found = revocations();
    if (found === undefined) return notConfigured;
    if (!changes.take(clock.monotonic())) return tooMany('lifted');
    const lifted = await found.lift(path.slice(prefix.length));
    if (lifted === undefined)
      return textResponse(
        404,
        'nothing was lifted: no such entry; it may have ended. GET /revocations has the entries',
      );
    if ('kind' in lifted) return notDone(lifted, 'lifted');
    log('an operator lifted a revocation', lifted);
    return jsonResponse(200, describe(lifted));
  };
  /** Without the values of claims, which can be personal data. */
  const log = (message: string, { entry: { id, issuer, claims, issuedBefore }, endsAt }: Revocation) =>
    logger.info(
      { id, issuer, claims: claims.map(([name]) => name), issuedBefore, ends: isoTime(endsAt) },
      message,
    );
  return { list, add, lift };
}

/** @returns undefined if it is not JSON */
function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function tooMany(what: 'revoked' | 'lifted'): AdminResponse {
  return textResponse(
    429,
    `nothing was ${what}: more than ${changeRate.perSecond} changes a second; wait a second, and try again`,
  );
}

function notDone(why: NotDone, what: 'revoked' | 'lifted'): AdminResponse {
  switch (why.kind) {
    case 'full':
      return textResponse(
        409,
        `nothing was ${what}: the store has the maximum number of entries, and those that are lifted count until their time ends; list more in denyList.file`,
      );
    case 'too_long':
      return textResponse(400, `nothing was ${what}: the entry is too long; use shorter values`);
    case 'away':
      return textResponse(503, `nothing was ${what}: the store cannot be used: ${why.problem}`);
    case 'unknown':
      return textResponse(
        504,
        `it is not known whether the entry was ${what}: ${why.problem}; list the entries when the store answers, and try again`,
      );
    default:
      return why satisfies never;
  }
}

/** The JSON of an entry. The claims are members, as in the file of the deny list. */
function describe({ entry, note, addedAt, endsAt }: Revocation) {
  const { id, issuer, claims, issuedBefore } = entry;
  return {
    id,
    issuer,
    ...Object.fromEntries(claims),
    ...(issuedBefore !== undefined && { issuedBefore: isoTime(issuedBefore * 1_000) }),
    ...(note !== undefined && { note }),
    added: isoTime(addedAt),
    ends: isoTime(endsAt),
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
