/** Reads the answer of an issuer from the query of the callback (RFC 6749 section 4.1.2, RFC 9207). */
import { isState } from './begin.ts';
import { queryOf } from './request-headers.ts';

/** The answer, before anything of it is believed. */
export interface CallbackQuery {
  /** Undefined unless there is one that can be of this service. */
  readonly state: string | undefined;
  /** Why no code can be redeemed with it. */
  readonly problem: string | undefined;
}

/** Each can be there once (RFC 6749 section 3.1). A second one could be read instead of the first. */
const parameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'];

/** The longest callback, in characters. */
const maxLength = 4_096;

/** Reads the query of a callback. */
export function readCallback(target: string): CallbackQuery {
  const query = target.length > maxLength ? undefined : queryOf(target);
  if (query === undefined) return { state: undefined, problem: 'the callback is longer than 4 KiB' };
  const state = query.getAll('state');
  const repeated = parameters.find((name) => query.getAll(name).length > 1);
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
