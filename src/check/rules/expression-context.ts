/** The variables of a rule's expression: the token and the request. */

import type { Config } from '../../config/declare/options.ts';
import type { ExpressionContext } from '../../config/expression/expression.ts';
import { type Host, readHost } from '../../config/values/hosts.ts';
import { readClaims } from '../../credential/token/claims.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { readPath } from './path.ts';

/** Creates the context of one check. `request.host` has no port. */
export interface ContextOf {
  (identity: Identity, request: CheckRequest): ExpressionContext;
  /** The same with the port in `request.host`; undefined if there is none, or `hosts.ports` is `ignore`. */
  readonly withPort: (identity: Identity, request: CheckRequest) => ExpressionContext | undefined;
}

/**
 * Creates the function that creates contexts. Claims are parsed for each request: parsed, they can take more memory than the token.
 *
 * @param trustedHeaders the headers that an expression can read; a client can forge all others
 */
export function createContextOf(
  trustedHeaders: readonly string[],
  clock: Clock,
  ports: Config['hosts']['ports'] = 'exact',
): ContextOf {
  const contextOf = (
    identity: Identity,
    request: CheckRequest,
    readName: () => string,
  ): ExpressionContext => {
    const { issuer, audiences, scopes, expiresAt } = identity;
    // The cost of each part depends on the client's request, so each is read on first use.
    const claims = once(() => readClaims(identity));
    const segments = once(() => readPath(request.path) ?? []);
    const path = once(() => `/${segments().join('/')}`);
    const host = once(readName);
    const query = once(() => queryOf(request.path));
    const headers = once(() => headersOf(request, trustedHeaders));
    return {
      target: request.path,
      get claims() {
        return claims();
      },
      token: { issuer, audiences, scopes, expiry: BigInt(Math.floor(expiresAt)) },
      request: {
        method: request.method,
        get host() {
          return host();
        },
        get path() {
          return path();
        },
        get segments() {
          return segments();
        },
        get query() {
          return query();
        },
        get headers() {
          return headers();
        },
        get time() {
          return new Date(clock.now());
        },
      },
      source: request.source,
    };
  };
  const withoutPort = (identity: Identity, request: CheckRequest) =>
    contextOf(identity, request, () => readHost(request.host)?.name ?? '');
  const withPort = (identity: Identity, request: CheckRequest) => {
    const { name, port }: Partial<Host> = readHost(request.host) ?? {};
    return port === undefined || ports === 'ignore'
      ? undefined
      : contextOf(identity, request, () => `${name}:${port}`);
  };
  return Object.assign(withoutPort, { withPort });
}

function once<T>(read: () => T): () => T {
  let cached: { readonly value: T } | undefined;
  return () => {
    cached ??= { value: read() };
    return cached.value;
  };
}

/** The query parameters. A duplicate parameter cannot be read, because it is unknown which value the upstream uses. */
function queryOf(target: string): Readonly<Record<string, string>> {
  const start = target.indexOf('?');
  if (start < 0) return {};
  const values = new Map<string, string | undefined>();
  for (const [name, value] of new URLSearchParams(target.slice(start + 1)))
    values.set(name, values.has(name) ? undefined : value);
  return readableValues(values);
}

/** An object of values. An undefined value stands for a duplicate: it exists, but reading it throws. */
function readableValues(values: Iterable<readonly [string, string | undefined]>) {
  const readable: Record<string, string> = {};
  for (const [name, value] of values)
    Object.defineProperty(
      readable,
      name,
      value === undefined
        ? { enumerable: true, get: () => throwDuplicate(name) }
        : { enumerable: true, value, writable: false },
    );
  return readable;
}

function throwDuplicate(name: string): never {
  throw new TypeError(`${name} comes more than once`);
}

function headersOf(request: CheckRequest, names: readonly string[]): Readonly<Record<string, string>> {
  return readableValues(
    names.flatMap((name): (readonly [string, string | undefined])[] => {
      const [value, ...others] = request.header(name);
      if (value === undefined) return [];
      return [[name, others.length > 0 ? undefined : value]];
    }),
  );
}
