/** Why a token that names no verified issuer is denied: the texts for details and traces. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import { detailOf, listed, shown } from '../../config/values/detail-text.ts';
import type { Denial } from '../../model/decision.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { Observation, StepDetail } from '../../model/trace.ts';
import { createIssuerDifference } from './issuer-difference.ts';
import { jsonRules } from './jose-header.ts';

/** Creates a denial. */
export function deny(reason: DenyReason, detail: () => StepDetail): Denial {
  return { outcome: 'deny', reason, detail };
}

/** The denial of a token that is too long. A comma shows that a proxy joined several headers. */
export function denyTooLarge(token: string, maxTokenSize: number): Denial {
  if (token.includes(',')) return deny('token_duplicated', hasComma);
  const { length } = token;
  return deny('token_too_large', () =>
    detailOf(
      {
        ...shape('at most', `${maxTokenSize} bytes`),
        found: `${length} bytes`,
        option: 'limits.maxTokenSize',
      },
      `the token has ${length} bytes; limits.maxTokenSize is ${maxTokenSize}`,
    ),
  );
}

/** The denial of a text that is not three segments of base64url. */
export function denyShape(token: string): Denial {
  return token.includes(',')
    ? deny('token_duplicated', hasComma)
    : deny('token_malformed', () => describeShape(token));
}

/** The denial of a payload that is not a JSON object. */
export function denyPayload(): Denial {
  return deny('token_malformed', () =>
    detailOf(
      { ...shape('a JSON object as', 'payload'), found: 'another text' },
      `the payload is not a JSON object, ${jsonRules}`,
    ),
  );
}

/** The denial of a token whose `iss` is not a string. */
export function denyIssuerType(): Denial {
  return deny('claim_invalid', () =>
    detailOf(
      { step: 'issuer', subject: 'iss', expected: 'a string', found: 'a wrong type', option: 'issuers' },
      'the claim iss is not a string',
    ),
  );
}

/** Creates the denials of tokens whose `iss` is absent or not configured. */
export function createDenyIssuer(issuers: readonly IssuerConfig[]): (iss: string | undefined) => Denial {
  const configured = issuers.map(({ issuer }) => issuer);
  const expected = listed(configured);
  const differenceOf = createIssuerDifference(configured);
  const describe = (iss: string | undefined): StepDetail => {
    const found = iss === undefined ? 'none' : shown(iss);
    const observation = { step: 'issuer', subject: 'iss', expected, found, option: 'issuers' } as const;
    if (iss === undefined) return detailOf(observation, 'the token does not have the claim iss');
    const near = differenceOf(iss);
    return near === undefined
      ? detailOf(observation, `iss ${found} is not a configured issuer; configured: ${expected}`)
      : detailOf({ ...observation, option: `issuers[${near.index}].issuer` }, near.text);
  };
  return (iss) => deny('issuer_unknown', () => describe(iss));
}

/** The observation of the algorithm of a token. */
export function algorithmObservation(algorithm: string, issuer: IssuerConfig, path: string): Observation {
  return {
    step: 'header',
    subject: 'alg',
    expected: issuer.algorithms.join(', '),
    found: algorithm,
    option: `${path}.algorithms`,
  };
}

function describeShape(token: string): StepDetail {
  const parts = token.split('.', 10);
  const wrong = parts.findIndex((part) => !/^[A-Za-z0-9_-]+$/.test(part));
  const count = parts.length === 10 ? 'more than 9' : String(parts.length);
  const found =
    parts.length !== 3
      ? `${count} ${parts.length === 1 ? 'part' : 'parts'}`
      : wrong >= 0
        ? `part ${wrong + 1} is not base64url`
        : 'a part that is not canonical base64url';
  const hint =
    parts.length === 5
      ? ' (it is probably encrypted, a JWE)'
      : parts.length === 1
        ? ' (it is probably an opaque token)'
        : '';
  return detailOf(
    { ...shape('three parts of', 'base64url'), found },
    parts.length === 3
      ? `the token is not a signed JWT: ${found}`
      : `the token has ${found} instead of 3${hint}`,
  );
}

function hasComma(): StepDetail {
  return detailOf(
    { step: 'credential', subject: 'the authorization header', expected: 'one token', found: 'a comma' },
    'the token has a comma, with which proxies join several authorization headers',
  );
}

function shape(expected: string, of: string) {
  return { step: 'shape', subject: 'the token', expected: `${expected} ${of}` } as const;
}
