/**
 * Has jose judge tokens that the verifier judged. It runs after the response, one token at a time, and pauses after each one, so that
 * it takes a small share of the CPU. The first token loads jose.
 */
import type { DenyReason } from '../../model/reasons.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { JudgedToken } from './observe.ts';

/** The results of a cross-check. `failed`: jose has no verdict. `skipped`: too many tokens waited. */
export const crossCheckResults = ['agreed', 'differed', 'failed', 'skipped'] as const;

/** The result of a cross-check. */
export type CrossCheckResult = (typeof crossCheckResults)[number];

/** A difference, for the log. It has no claim values, and no part of the token except `kid` and `alg`. */
export interface JoseDifference {
  readonly reason: 'allowed' | DenyReason;
  /** jose's error code, or `valid`. */
  readonly jose: string;
  /** The configured name of the issuer. */
  readonly issuer: string;
  readonly kid: string | undefined;
  readonly alg: string;
}

/** The dependencies of a cross-check. */
export interface CrossCheckDependencies {
  readonly clock: Clock;
  readonly onResult: (result: CrossCheckResult) => void;
  /** Called for each difference, after `onResult`. */
  readonly onDifference: (difference: JoseDifference) => void;
  /** Called if jose has no verdict, after `onResult`. */
  readonly onFailure: (error: unknown) => void;
}

/** Maximum number of tokens that wait. */
const maxWaiting = 64;

/** The pause after a token: this multiple of the time that it took, and at least this many milliseconds. */
const pause = { multiple: 19, atLeast: 5 };

/** Creates a cross-check. @returns a function that queues a token; it is dropped if too many wait */
export function createCrossCheck(dependencies: CrossCheckDependencies): (judged: JudgedToken) => void {
  const { clock, onResult, onDifference, onFailure } = dependencies;
  const waiting: JudgedToken[] = [];
  let isBusy = false;

  const judge = async (judged: JudgedToken): Promise<void> => {
    const { reason, header, issuer } = judged;
    try {
      const { compareVerdicts } = await import('./compare-verdicts.ts');
      const jose = await compareVerdicts(judged);
      onResult(jose === undefined ? 'agreed' : 'differed');
      if (jose !== undefined)
        onDifference({ reason, jose, issuer: issuer.name, kid: header.keyId, alg: header.algorithm });
    } catch (error) {
      onResult('failed');
      onFailure(error);
    }
  };
  const turn = async (): Promise<void> => {
    const next = waiting.shift();
    if (next === undefined) {
      isBusy = false;
      return;
    }
    const begun = clock.monotonic();
    await judge(next);
    const taken = clock.monotonic() - begun;
    clock.after(Math.max(pause.atLeast, taken * pause.multiple), () => void turn());
  };

  return (judged) => {
    if (waiting.length >= maxWaiting) return onResult('skipped');
    waiting.push(judged);
    if (isBusy) return;
    isBusy = true;
    // After the response is written.
    setImmediate(() => void turn());
  };
}
