/** The trace of a check: what each step expected and what it found. `explain` shows it. */

/**
 * The steps of a check, in the order in which they usually run. A check runs only the steps that its configuration and its request need,
 * and a step can appear more than once.
 */
export const stepNames = [
  'policy',
  'rule',
  'login',
  'session',
  'credential',
  'cache',
  'shape',
  'header',
  'issuer',
  'key',
  'signature',
  'times',
  'audience',
  'type',
  'binding',
  'revocation',
  'scopes',
  'claims',
  'proof',
  'requirements',
  'headers',
  'decision',
] as const;

/** The name of a step. */
export type StepName = (typeof stepNames)[number];

/** The subject of a step, and the expected and found values. Its texts obey the same limits as {@link Detail}. */
export interface Observation {
  readonly step: StepName;
  /** The part that the step looked at, such as `the aud claim`. */
  readonly subject: string;
  /** The requirement of the configuration; undefined if there is none. */
  readonly expected?: string;
  /** The content of the request or the token. */
  readonly found?: string;
  /** The path of the option that the step applies. */
  readonly option?: string;
}

/** Describes for the operator why a check ended. The client never receives it. */
export interface Detail {
  /**
   * One phrase, such as `expected audience orders-api, found account`. It has only public parts of the token (`iss`, `aud`, `kid`,
   * `alg`, `typ`, times in seconds, names of scopes and claims), each cut at {@link maxDetailValue} characters.
   */
  readonly text: string;
  /** The path of the option that decided, such as `issuers[0].audiences`; undefined if no option did. */
  readonly option?: string;
  /** The step at which the check ended, for a trace. Undefined for a decision about a message that was not read. */
  readonly failed?: Observation;
}

/** The detail of a step. */
export interface StepDetail extends Detail {
  readonly failed: Observation;
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

/** Emits a step that passed. */
export function passed(trace: Trace, observation: Observation): void {
  trace({ ...observation, result: 'passed' });
}
