/** Converts a decision to the response of an oauth2-proxy v7.15 that verifies bearer tokens and has a static upstream. */
import { claimText } from '../../../check/upstream-headers.ts';
import type { Config } from '../../../config/declare/options.ts';
import { compatHeader } from '../../../config/values/header-names.ts';
import { readClaims } from '../../../credential/token/claims.ts';
import { createIdentityClaims, type IdentityClaims } from '../../../credential/token/identity-claims.ts';
import type { CheckRequest } from '../../../model/check-request.ts';
import type { Denial } from '../../../model/decision.ts';
import type { Forwarding } from '../../../model/forwarding.ts';
import type { Identity } from '../../../model/identity.ts';
import { leftToEnvoy, reasons } from '../../../model/reasons.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import {
  decisionLine,
  type HttpReply,
  type Line,
  linesOf,
  prepareReply,
  type ReplyForId,
  removalLine,
  reply,
  type ToReply,
} from './http-reply.ts';

/** The options of these replies. */
type CompatOptions = Pick<
  Config,
  'issuers' | 'identityHeaders' | 'whenUnavailable' | 'compatInvalidTokenStatus'
>;

const allowedBody = 'Authenticated';

/**
 * Creates the conversion. Headers to remove are the same as in our own replies. A denial also has the header of its decision ID.
 * An error that oauth2-proxy does not have,
 * and an answer for a browser, get our own reply.
 *
 * @param toOwnReply creates our own replies
 */
export function createToCompatReply(options: CompatOptions, toOwnReply: ToReply, clock: Clock): ToReply {
  const dateLine = () => `date: ${new Date(clock.now()).toUTCString()}\r\n`;
  const setsIdentity = options.identityHeaders === 'set';
  const issuers = new Map(options.issuers.map((issuer) => [issuer.name, createIdentityClaims(issuer)]));
  const dated = (answer: HttpReply): HttpReply => ({ ...answer, dateLine });
  const datedForId = (make: ReplyForId) => prepareReply((id) => dated(make(id)));
  const unauthorized = datedForId(jsonDenial(401));
  const invalidToken = options.compatInvalidTokenStatus === 403 ? datedForId(forbidden) : unauthorized;
  const denied = new Map<number, ReplyForId>();

  const allow = (forwarding: Forwarding, identity: Identity | undefined): HttpReply => {
    const make = () => dated(allowed(forwarding, setsIdentity ? userOf(identity, issuers) : undefined));
    const { answers } = forwarding;
    if (answers === undefined) return make();
    answers.http ??= make();
    return answers.http as HttpReply;
  };
  const deny = ({ reason }: Denial, request: CheckRequest): ReplyForId => {
    const { httpStatus } = reasons[reason];
    if (httpStatus !== 401)
      return denied.getOrInsertComputed(httpStatus, () => datedForId(jsonDenial(httpStatus)));
    return request.authorization.length === 0 ? unauthorized : invalidToken;
  };

  return (decision, request) => {
    switch (decision.outcome) {
      case 'allow':
        return allow(decision.forwarding, decision.identity);
      case 'deny':
        if (decision.browser !== undefined) return toOwnReply(decision, request);
        return deny(decision, request)(decision.id);
      case 'error':
        // Without keys, oauth2-proxy reports every token as invalid. It has no counterpart to our other errors.
        return leftToEnvoy.has(decision.reason) && options.whenUnavailable === 'deny'
          ? invalidToken(decision.id)
          : toOwnReply(decision, request);
      default:
        return decision satisfies never;
    }
  };
}

function allowed({ set, remove }: Forwarding, user: string | undefined): HttpReply {
  const lines: Line[] = user === undefined ? [...set] : [...set, [compatHeader, user]];
  // All spellings of the header are removed, except the one that is set.
  const removed = user === undefined ? remove : remove.filter((name) => name !== compatHeader);
  const shared: Line[] = [
    ...removalLine(removed),
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', String(allowedBody.length)],
  ];
  return reply(200, lines, linesOf(shared), allowedBody);
}

/** The email, otherwise the subject, otherwise empty; undefined without an identity, or if the value cannot be a header. */
function userOf(
  identity: Identity | undefined,
  issuers: ReadonlyMap<string, IdentityClaims>,
): string | undefined {
  if (identity === undefined) return undefined;
  const { issuerName, subject } = identity;
  const issuer = issuers.get(issuerName);
  const email = issuer?.email(readClaims(identity));
  const name = email === undefined || email === null || email === '' ? (subject ?? '') : email;
  return name === '' ? '' : claimText(name);
}

function jsonDenial(status: number): ReplyForId {
  return denial(status, [['content-type', 'application/json']], '{}');
}

const forbidden: ReplyForId = denial(
  403,
  [
    ['content-type', 'text/plain; charset=utf-8'],
    ['x-content-type-options', 'nosniff'],
  ],
  'Forbidden\n',
);

function denial(status: number, lines: readonly Line[], body: string): ReplyForId {
  const shared: Line[] = [['content-length', String(body.length)]];
  return (id) => reply(status, lines, linesOf([...shared, ...decisionLine(id)]), body);
}
