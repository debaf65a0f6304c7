/** The header changes for the upstream request: identity headers to set, and client headers to remove. */

import type { Config } from '../config/declare/options.ts';
import { otherSpellings } from '../config/values/header-names.ts';
import { memoryOfText } from '../credential/token/token-memory.ts';
import type { Forwarding, HeaderList } from '../model/forwarding.ts';
import type { Identity } from '../model/identity.ts';
import {
  createReadHeaders,
  type ForwardOptions,
  forwardingOf,
  noAnswers,
  type ReadHeaders,
} from './header-set.ts';
import { createWriteValue, maxValueBytes } from './header-value.ts';

/** Returns the header changes for a request with a verified token. */
export type Forward = (identity: Identity, token: string) => Forwarding;

/** The headers of a rule; those of the configuration if it has none. */
type Outputs = Config['outputClaimToHeaders'];

/** Creates the forwarder of one rule. */
export type ForwardOf = (outputs?: Outputs) => Forward;

/**
 * Creates the forwarders of a configuration. Each rule has its own, because an answer can name the rule. Rules with the same list of headers
 * share what an identity keeps of it.
 *
 * @param others headers that other rules set; they are removed
 * @param maxAuthorization the longest token that `setAuthorizationHeader` sets, in characters
 */
export function createForwards(
  options: ForwardOptions,
  others: readonly string[] = [],
  maxAuthorization = maxValueBytes,
): ForwardOf {
  const configuration = {};
  const lists = new Map<Outputs, ReadHeaders>();
  return (outputs = options.outputClaimToHeaders) => {
    const headersOf = lists.getOrInsertComputed(outputs, (outputClaimToHeaders) => {
      const list = { configuration };
      const read = createReadHeaders({ ...options, outputClaimToHeaders }, list, others, maxAuthorization);
      return createKeepHeaders(list, read);
    });
    const owner = {};
    return (identity, token) => {
      const { memory } = identity;
      for (let one = memory.prepared; one !== undefined; one = one.next)
        if (one.owner === owner) return one.forwarding;
      const areKept = memory.keeper.keepsAnswers(memory);
      const forwarding = forwardingOf(headersOf(identity, token), token, areKept);
      if (areKept) memory.prepared = { owner, forwarding, next: memory.prepared };
      return forwarding;
    };
  };
}

/** Reads the headers of a list once for an identity. An identity keeps those of one list of the current configuration. */
function createKeepHeaders(list: HeaderList, read: ReadHeaders): ReadHeaders {
  return (identity, token) => {
    const { memory } = identity;
    if (memory.headers?.list === list) return { shape: memory.headers, values: memory.values };
    const headers = read(identity, token);
    if (memory.headers?.list.configuration !== list.configuration) {
      const before = memoryOfText(memory.values);
      memory.headers = headers.shape;
      memory.values = headers.values;
      memory.keeper.grown(memory, memoryOfText(headers.values) - before);
    }
    return headers;
  };
}

/** Creates the forwarder of a configuration without rules. See {@link createForwards}. */
export function createForward(...parts: Parameters<typeof createForwards>): Forward {
  return createForwards(...parts)();
}

/**
 * Creates the forwarders of sessions. With a token to forward, it replaces the authorization header; without one, it removes the header,
 * because a client's own token must not be treated as that of the session.
 *
 * @param token empty if the login forwards none
 */
export function createSessionForwards(options: ForwardOptions, others: readonly string[]): ForwardOf {
  const withToken = createForwards(
    { ...options, setAuthorizationHeader: true, forwardOriginalToken: true },
    others,
    // A session fits into three cookies, so its token is not longer.
    Number.POSITIVE_INFINITY,
  );
  const without = createForwards(
    { ...options, setAuthorizationHeader: false, forwardOriginalToken: false },
    others,
  );
  return (outputs) => {
    const [ofToken, ofNone] = [withToken(outputs), without(outputs)];
    return (identity, token) => (token === '' ? ofNone : ofToken)(identity, token);
  };
}

/** The header changes without an identity: every identity header is removed. */
export function forwardNothing(options: ForwardOptions, others: readonly string[]): Forwarding {
  const { outputClaimToHeaders, outputTokenToHeader, forwardOriginalToken } = options;
  const headers = new Set([
    ...outputClaimToHeaders.map(({ header }) => header),
    ...(outputTokenToHeader === '' ? [] : [outputTokenToHeader]),
    ...others,
  ]);
  return {
    set: [],
    remove: [
      ...[...headers].flatMap((header) => [header, ...otherSpellings(header)]),
      ...(forwardOriginalToken ? [] : ['authorization']),
    ],
    withheld: [],
    answers: noAnswers(),
  };
}

const writePlain = createWriteValue();

/** The text of a claim in a header; undefined if it cannot be forwarded. */
export function claimText(claim: unknown): string | undefined {
  return writePlain(claim).text;
}
