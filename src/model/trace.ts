/** The trace of a check: what each step expected and what it found. `explain` shows it. */

/** The steps of a check, in their order. A check runs only the steps that its configuration and its request need. */
export const stepNames = [
  'policy',
  'rule',
  'credential',
  'shape',
  'header',
  'issuer',
  'cache',
  'key',
  'signature',
  'times',
  'audience',
  'type',
  'scopes',
  'claims',
  'revocation',
  'proof',
  'requirements',
  'headers',
  'decision',
] as const;

/** The name of a step. */
export type StepName = (typeof stepNames)[number];

/** What a step looked at, expected and found. Its texts obey the same limits as {@link Detail}. */
export interface Observation {
  readonly step: StepName;
  /** What the step looked at, such as `the aud claim`. */
  readonly subject: string;
  /** What the configuration requires; undefined if it requires nothing. */
  readonly expected?: string;
  /** What the request or the token has. */
  readonly found?: string;
  /** The path of the option that the step applies. */
  readonly option?: string;
}

/** What a check expected and found at the place where it ended, for the operator. The client never receives it. */
export interface Detail {
  /**
   * One phrase, such as `expected audience orders-api, found account`. It has only public parts of the token (`iss`, `aud`, `kid`,
   * `alg`, `typ`, times in seconds, names of scopes and claims), each cut at {@link maxDetailValue} characters.
   */
  readonly text: string;
  /** The path of the option that decided, such as `issuers[0].audiences`; undefined if no option did. */
  readonly option?: string;
  /** The step that failed, for a trace. Undefined for a decision outside a check, such as that about an unread message. */
  readonly failed?: Observation;
}

/** The longest value in a detail, in characters. */
export const maxDetailValue = 200;

/** One step of a check. */
export interface TraceStep extends Observation {
  /** `info` for a step that cannot end the check, such as a lookup in the cache. */
  readonly result: 'passed' | 'failed' | 'info';
}

/** Receives the steps of a check. The steps of one check arrive in order. */
export type Trace = (step: TraceStep) => void;
