/** What is asked and what is answered, in words that no transport owns. */
import type { DenyReason, ErrorReason } from './reasons.ts';

/** One question of Envoy: may this request go on to the upstream? */
export interface CheckRequest {
  readonly method: string;
  /** As received; where it came more than once, all of it with commas between. */
  readonly host: string;
  /** As received, query included; nothing parses it. */
  readonly path: string;
  /** The value of every authorization header line, in order. */
  readonly authorization: readonly string[];
  /** The value of every `DPoP` header line (RFC 9449 section 4.1), in order. */
  readonly dpop: readonly string[];
  /** `x-forwarded-client-cert`, or empty. A proxy writes one line; where there are several, line breaks separate them, and none is believed. */
  readonly forwardedClientCert: string;
  /** The certificate of the proxy's own peer as the proxy tells it: PEM, percent-encoded; or empty. */
  readonly peerCertificate: string;
  /** Address and principal (such as a SPIFFE id) of the proxy's own peer, as far as the proxy tells; or empty. */
  readonly source: { readonly address: string; readonly principal: string };
  /** `x-request-id`, or empty. */
  readonly requestId: string;
  /**
   * The policy that the proxy names, or empty where it names none; undefined where it is said by the path, as over HTTP.
   */
  readonly policy: string | undefined;
  /** The request of the downstream: its target, and every header line. Asked only where it is handed on. */
  readonly original: () => {
    readonly target: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
  };
  /** The value of every line of another header, looked up when it is asked for; its name in lower case. */
  readonly header: (name: string) => readonly string[];
}

/** What a token is bound to (`cnf`, RFC 7800 section 3.1), both as base64url of a SHA-256. */
export interface Confirmation {
  /** `jkt`: the thumbprint of the key that proofs are signed with (RFC 9449 section 6.1). */
  readonly keyThumbprint: string | undefined;
  /** `x5t#S256`: the thumbprint of the client's certificate (RFC 8705 section 3.1). */
  readonly certificateThumbprint: string | undefined;
}

/** A JSON object out of a token. Read it with Object.hasOwn: its names are the issuer's. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a verified token says. It exists only after the signature was verified. */
export interface Identity {
  /** The exact `iss`. */
  readonly issuer: string;
  /** The configured name of the issuer. */
  readonly issuerName: string;
  /** `sub`, or undefined where it is absent or not a string. */
  readonly subject: string | undefined;
  /** Everything that the issuer's audience claims hold. */
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number;
  /** What the client must show beside the token; undefined where its issuer asks for nothing. */
  readonly confirmation: Confirmation | undefined;
  /** The claims as they were signed: the text of a JSON object, which takes a quarter of what the object would. */
  readonly payload: string;
  /** What is forwarded of it. Kept here, and not beside it: with many tokens, each look elsewhere costs. */
  readonly kept: {
    forwarding: Forwarding | undefined;
    /** Whose it is: of another configuration or rule, it would be another. */
    by: object | undefined;
    /** That of other rules. */
    others: WeakMap<object, Forwarding> | undefined;
  };
}

/** What becomes of the request's headers on its way upstream. No name is in both lists. */
export interface Forwarding {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
  /** What the token had and was not forwarded: for the metric. */
  readonly withheld: readonly Withheld[];
  /** The answer of each transport, once it was made. */
  readonly answers: { http: unknown; grpc: unknown };
}

/** A value that was not forwarded. */
export interface Withheld {
  readonly header: string;
  readonly cause: WithheldCause;
}

/** Why a value was not forwarded, or not whole: the values of the metric's label. */
export const withheldCauses = {
  characters:
    'It has other characters than U+0020 to U+007E, or white space at its ends; or with an `encoding`, half a character.',
  length: 'It is longer than 4 KiB.',
  total_length: 'With it, all forwarded values would be longer than 8 KiB.',
  type: 'It, or a member of it, is neither text nor a number nor true or false; or it is a whole number beyond 2^53.',
  comma: 'A member of a list holds a comma, which separates members; the other members were forwarded.',
  separator: 'The same, where `separator` says what separates members.',
} as const;

/** Why a value was not forwarded. */
export type WithheldCause = keyof typeof withheldCauses;

/** The answer of another authorizer, over HTTP. */
export interface IncumbentAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Every header line, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** One character a byte. */
  readonly body: string;
  /** Whether there is none, as to HEAD, and the headers speak of one that is not there. */
  readonly isBodyless: boolean;
}

/** How a decision of our own compares with the answer of the authorizer that still decides. */
export const comparisons = {
  same: 'Both let the request go on, with the same identity; or both refuse it, with the same status.',
  status_differs: 'Both refuse, with another status.',
  headers_differ: 'Both let the request go on, with another identity.',
  incumbent_allows:
    'The other one lets the request go on that our own decision refuses; its record has the `reason`.',
  incumbent_refuses: 'The other one refuses the request that our own decision lets go on.',
  unavailable:
    'The other one gave no answer within `shadow.timeout`: the check ended as `incumbent_unavailable`, refused.',
} as const;

/** One of these. */
export type Comparison = keyof typeof comparisons;

/** What another authorizer made of a check, where it still decides. */
interface Shadowing {
  /** Its answer, which is given instead of our own. */
  readonly incumbent?: IncumbentAnswer;
  readonly comparison?: Comparison;
}

/** The answer to a check. It cannot be made without a reason. */
export type Decision = Shadowing & OwnDecision;

type OwnDecision =
  | {
      readonly outcome: 'allow';
      readonly reason: 'allowed';
      /** Undefined where nobody was asked for: by a rule for anonymous requests, or one that is only tried. */
      readonly identity: Identity | undefined;
      readonly forwarding: Forwarding;
      /** Whether the signature had been verified earlier. */
      readonly cached: boolean;
      /** The name of the rule that decided, if one did. */
      readonly rule?: string;
      /** The name of the policy that the rule is of, if there are policies. */
      readonly policy?: string;
      /** Why a rule that is only tried would have refused. */
      readonly shadow?: DenyReason | ErrorReason;
      /** The defect for which it would have refused, for the log alone. */
      readonly cause?: unknown;
    }
  | {
      readonly outcome: 'deny';
      readonly reason: DenyReason;
      /** The configured name of the issuer, once it is known. */
      readonly issuerName?: string;
      /** What a token of that issuer needs, for the challenge of `scope_insufficient`. */
      readonly requiredScopes?: readonly string[];
      readonly cached?: boolean;
      readonly rule?: string;
      readonly policy?: string;
    }
  | {
      readonly outcome: 'error';
      readonly reason: ErrorReason;
      readonly issuerName?: string;
      /** What went wrong, for the log alone: what failed elsewhere, in words, or a defect of our own. */
      readonly problem?: string;
      readonly cause?: unknown;
      readonly rule?: string;
      readonly policy?: string;
    };

/** A decision that does not let the request go on. */
export type Refusal = Denial | Failure;

/** A decision against the request. */
export type Denial = Decision & { readonly outcome: 'deny' };

/** The absence of a decision. */
export type Failure = Decision & { readonly outcome: 'error' };

/**
 * Answers a check: at once where nothing has to be waited for, which is the case for every token that was seen
 * before. Never throws and never rejects.
 */
export type Check = (request: CheckRequest) => Decision | Promise<Decision>;
