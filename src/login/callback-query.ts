/** Reads the answer of an issuer from the query of the callback (RFC 6749 section 4.1.2, RFC 9207). */
import { isState } from './begin.ts';
import { maxCallback, repeatedParameter } from './client/callback-parameters.ts';
import { queryOf } from './request-headers.ts';

/** The answer, before anything of it is believed. */
export interface CallbackQuery {
  /** Undefined unless there is one that can be of this service. */
  readonly state: string | undefined;
  /** Why no code can be redeemed with it. */
  readonly problem: string | undefined;
}

/** Reads the query of a callback. */
export function readCallback(target: string): CallbackQuery {
  const query = target.length > maxCallback ? undefined : queryOf(target);
  if (query === undefined) return { state: undefined, problem: 'the callback is longer than 4 KiB' };
  const state = query.getAll('state');
  const repeated = repeatedParameter(query);
  return {
    state: state.length === 1 && state[0] !== undefined && isState(state[0]) ? state[0] : undefined,
    problem:
      repeated !== undefined
        ? `the callback has ${repeated} twice`
        : query.has('code') === query.has('error')
          ? 'the callback has neither a code nor an error, or both'
          : undefined,
  };
}
