/** From a decision to the answer that oauth2-proxy gives as a verifier of bearer tokens (v7.15, with a static upstream). */
import { claimText } from '../../../check/upstream-headers.ts';
import type { Config } from '../../../config/declare/options.ts';
import { compatHeader } from '../../../config/values/header-names.ts';
import { readClaims } from '../../../credential/token/claims.ts';
import { createIdentityClaims, type IdentityClaims } from '../../../credential/token/identity-claims.ts';
import type { CheckRequest, Denial, Forwarding, Identity } from '../../../model/decision.ts';
import { leftToEnvoy, reasons } from '../../../model/reasons.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { type HttpReply, type Line, linesOf, removalLine, reply, type ToReply } from './http-reply.ts';

/** What shapes the answers. */
type CompatOptions = Pick<
  Config,
  'issuers' | 'identityHeaders' | 'whenUnavailable' | 'compatInvalidTokenStatus'
>;

const allowedBody = 'Authenticated';

/**
 * Makes the answers. What is removed upstream is removed here too; and an error that oauth2-proxy has no word for keeps our own.
 *
 * @param own makes our own answers
 */
export function createToCompatReply(options: CompatOptions, own: ToReply, clock: Clock): ToReply {
  const dateLine = () => `date: ${new Date(clock.now()).toUTCString()}\r\n`;
  const isTold = options.identityHeaders === 'set';
  const issuers = new Map(options.issuers.map((issuer) => [issuer.name, createIdentityClaims(issuer)]));
  const dated = (answer: HttpReply): HttpReply => ({ ...answer, dateLine });
  const unauthorized = dated(jsonRefusal(401));
  const invalidToken = options.compatInvalidTokenStatus === 403 ? dated(forbidden) : unauthorized;
  const denied = new Map<number, HttpReply>();

  const allow = (forwarding: Forwarding, identity: Identity | undefined): HttpReply => {
    forwarding.answers.http ??= dated(allowed(forwarding, isTold ? nameOf(identity, issuers) : undefined));
    return forwarding.answers.http as HttpReply;
  };
  const deny = ({ reason }: Denial, request: CheckRequest): HttpReply => {
    const { httpStatus } = reasons[reason];
    if (httpStatus !== 401)
      return denied.getOrInsertComputed(httpStatus, () => dated(jsonRefusal(httpStatus)));
    return request.authorization.length === 0 ? unauthorized : invalidToken;
  };

  return (decision, request) => {
    switch (decision.outcome) {
      case 'allow':
        return allow(decision.forwarding, decision.identity);
      case 'deny':
        return deny(decision, request);
      case 'error':
        // Without keys no token is good there; whatever else fails here has no counterpart.
        return leftToEnvoy.has(decision.reason) && options.whenUnavailable === 'deny'
          ? invalidToken
          : own(decision, request);
      default:
        return decision satisfies never;
    }
  };
}

function allowed({ set, remove }: Forwarding, whoAsks: string | undefined): HttpReply {
  const lines: Line[] = whoAsks === undefined ? [...set] : [...set, [compatHeader, whoAsks]];
  // All its spellings are removed everywhere; here one of them is set.
  const removed = whoAsks === undefined ? remove : remove.filter((name) => name !== compatHeader);
  const shared: Line[] = [
    ...removalLine(removed),
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', String(allowedBody.length)],
  ];
  return reply(200, lines, linesOf(shared), allowedBody);
}

/** The e-mail, else the subject, else nothing; undefined where nobody was asked for, or it could not be a header. */
function nameOf(
  identity: Identity | undefined,
  issuers: ReadonlyMap<string, IdentityClaims>,
): string | undefined {
  if (identity === undefined) return undefined;
  const { issuerName, payload, subject } = identity;
  const issuer = issuers.get(issuerName);
  const email = issuer?.email(readClaims(payload));
  const name = email === undefined || email === null || email === '' ? (subject ?? '') : email;
  return name === '' ? '' : claimText(name);
}

function jsonRefusal(status: number): HttpReply {
  return refusal(status, [['content-type', 'application/json']], '{}');
}

const forbidden = refusal(
  403,
  [
    ['content-type', 'text/plain; charset=utf-8'],
    ['x-content-type-options', 'nosniff'],
  ],
  'Forbidden\n',
);

function refusal(status: number, lines: readonly Line[], body: string): HttpReply {
  return reply(status, lines, linesOf([['content-length', String(body.length)]]), body);
}
