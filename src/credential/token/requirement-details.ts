/** Describes the requirements of an issuer and how a token meets them, for details and traces. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import { detailOf, duration, listed } from '../../config/values/detail-text.ts';
import { type Read, wrongType } from './claims.ts';
import type { Describe } from './failed-requirement.ts';

/** The descriptions of the requirements of one issuer, in the order in which they are checked. */
export interface RequirementDetails {
  /** `exp` is present and a number. */
  readonly expiryForm: Describe;
  readonly expiry: Describe;
  /** `nbf` and `iat`. */
  readonly start: Describe;
  readonly audience: Describe;
  readonly type: Describe;
  /** The binding of the token to its client. */
  readonly binding: Describe;
  readonly scopes: Describe;
}

/**
 * Creates the descriptions.
 *
 * @param path the path of the issuer's options, such as `issuers[0]`
 */
export function createRequirementDetails(issuer: IssuerConfig, path: string): RequirementDetails {
  const tolerance = `clockTolerance ${duration(issuer.clockTolerance)}`;
  const otherKinds = issuer.login === undefined ? 'or a logout token' : 'a logout token, or an ID token';
  const otherKindsByClaim =
    issuer.login === undefined
      ? 'a logout token (its claim events)'
      : 'a logout token (its claim events), an ID token (its claim nonce, at_hash or typ)';
  const audienceClaims = issuer.audienceClaims.map((name) => listedName(name)).join(', ');

  return {
    expiryForm: ({ expiresAt }) =>
      detailOf(
        { step: 'times', subject: 'exp', expected: 'a time in seconds', found: timeText(expiresAt) },
        expiresAt === undefined
          ? 'the token does not have the claim exp'
          : 'the claim exp is not a time in seconds since 1970',
      ),
    expiry: ({ expiresAt }, now) =>
      detailOf(
        {
          step: 'times',
          subject: 'exp',
          expected: `later than ${instant(now)} (${tolerance})`,
          found: instant(Number(expiresAt)),
          option: `${path}.clockTolerance`,
        },
        `expired ${duration((now - Number(expiresAt)) * 1000)} ago (exp ${timeText(expiresAt)}, ${tolerance})`,
      ),
    start: ({ notBefore, issuedAt }, now) => {
      const [name, time] = laterOf(notBefore, issuedAt);
      const hasWrongType = notBefore === wrongType || issuedAt === wrongType;
      const found = `nbf ${timeText(notBefore)}, iat ${timeText(issuedAt)}`;
      if (hasWrongType)
        return detailOf(
          { step: 'times', subject: 'nbf and iat', expected: 'times in seconds', found },
          `the claim ${notBefore === wrongType ? 'nbf' : 'iat'} is not a time in seconds since 1970`,
        );
      const ahead = duration((time - now) * 1000);
      return detailOf(
        {
          step: 'times',
          subject: 'nbf and iat',
          expected: `not after ${instant(now)} (${tolerance})`,
          found: time === 0 ? 'none' : `${name} ${instant(time)}`,
          option: `${path}.clockTolerance`,
        },
        `${name === 'nbf' ? 'not valid before' : 'issued at'} ${time} (${name}), in ${ahead} (${tolerance}): compare the clocks`,
      );
    },
    audience: ({ audiences }) => {
      const found = audiences === wrongType ? 'a wrong type' : listed(audiences ?? []);
      const observation = {
        step: 'audience',
        subject: audienceClaims,
        expected: issuer.anyAudience ? 'any audience' : audienceText(issuer.audiences ?? []),
        found,
        option: `${path}.${issuer.anyAudience ? 'anyAudience' : 'audiences'}`,
      } as const;
      return audiences === wrongType
        ? detailOf(
            { ...observation, option: `${path}.audienceClaims` },
            `the audience (${audienceClaims}) is not a string or a list of strings`,
          )
        : detailOf(observation, `expected ${observation.expected}, found ${found}`);
    },
    type: ({ type }) => {
      const isOther = type === wrongType;
      const expected = issuer.tokenTypes.join(' or ');
      const found = isOther ? `a typ that is not a string, ${otherKinds}` : listed([type]);
      return detailOf(
        { step: 'type', subject: 'typ', expected, found, option: `${path}.tokenTypes` },
        isOther
          ? `the token is ${otherKindsByClaim}, or its typ is not a string`
          : `expected typ ${expected}, found ${found}`,
      );
    },
    binding: ({ confirmation }) => {
      const found =
        confirmation === undefined
          ? 'no cnf'
          : confirmation === 'unknown'
            ? 'a binding that this service cannot verify'
            : bindingText(confirmation);
      const observation = {
        step: 'binding',
        subject: 'cnf',
        expected:
          issuer.boundTokens === 'refuse' ? 'a token without cnf' : `boundTokens ${issuer.boundTokens}`,
        found,
        option: `${path}.boundTokens`,
      } as const;
      return detailOf(
        observation,
        issuer.boundTokens === 'refuse'
          ? 'the token is bound to its client (cnf), and boundTokens is refuse'
          : 'the claim cnf has a member other than jkt and x5t#S256, or an invalid thumbprint',
      );
    },
    scopes: ({ scopes }) =>
      scopes === wrongType
        ? detailOf(
            {
              step: 'scopes',
              subject: 'scope, scp and scopes',
              expected: listed(issuer.requiredScopes),
              found: 'a wrong type',
              option: `${path}.requiredScopes`,
            },
            'one of the claims scope, scp and scopes is not a string or a list of strings',
          )
        : missingScopes('scopes', issuer.requiredScopes, scopes ?? [], `${path}.requiredScopes`),
  };
}

/** Describes scopes of which a token must have all. */
export function missingScopes(
  step: 'scopes' | 'requirements',
  required: readonly string[],
  scopes: readonly string[],
  option: string,
) {
  const missing = required.filter((scope) => !scopes.includes(scope));
  return detailOf(
    { step, subject: 'the scopes', expected: listed(required), found: listed(scopes), option },
    `missing ${missing.length === 1 ? 'scope' : 'scopes'} ${listed(missing)}; the token has ${listed(scopes)}`,
  );
}

/** `audience a`, or `one of the audiences a, b`. */
export function audienceText(audiences: readonly string[]): string {
  return audiences.length === 1
    ? `audience ${listed(audiences)}`
    : `one of the audiences ${listed(audiences)}`;
}

/** The name of a claim in a text. */
export function listedName(name: string | readonly string[]): string {
  return listed([typeof name === 'string' ? name : name.join('.')]);
}

function bindingText(binding: {
  readonly keyThumbprint: string | undefined;
  readonly certificateThumbprint: string | undefined;
}): string {
  const kinds = [
    ...(binding.keyThumbprint === undefined ? [] : ['a DPoP key (jkt)']),
    ...(binding.certificateThumbprint === undefined ? [] : ['a client certificate (x5t#S256)']),
  ];
  return kinds.join(' and ');
}

/** The time in ISO 8601, without fractions of a second. @param seconds since the epoch */
function instant(seconds: number): string {
  const time = new Date(Math.floor(seconds) * 1000);
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString().replace('.000', '');
}

function timeText(time: Read<number>): string {
  if (time === wrongType) return 'a wrong type';
  return time === undefined ? 'none' : String(time);
}

/** The later of two times, with its claim. */
function laterOf(notBefore: Read<number>, issuedAt: Read<number>): readonly ['nbf' | 'iat', number] {
  const [nbf, iat] = [notBefore, issuedAt].map((time) => (typeof time === 'number' ? time : 0));
  return (nbf ?? 0) >= (iat ?? 0) ? ['nbf', nbf ?? 0] : ['iat', iat ?? 0];
}
