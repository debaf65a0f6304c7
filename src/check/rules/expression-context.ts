/** What an expression of a rule sees of a token and a request. */

import type { Config } from '../../config/declare/options.ts';
import type { ExpressionContext } from '../../config/expression/expression.ts';
import { type Host, readHost } from '../../config/values/hosts.ts';
import { readClaims } from '../../credential/token/claims.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { readPath } from './path.ts';

/** Makes the context of one check, in which a host has no port. */
export interface ContextOf {
  (identity: Identity, request: CheckRequest): ExpressionContext;
  /** The same with the port behind the host; undefined where there is none, or the mesh does not look at it. */
  readonly withPort: (identity: Identity, request: CheckRequest) => ExpressionContext | undefined;
}

/**
 * Makes what makes contexts. Claims are read once for as long as the token is remembered.
 *
 * @param trustedHeaders the headers that an expression may see: any other is the client's to send
 */
export function createContextOf(
  trustedHeaders: readonly string[],
  clock: Clock,
  ports: Config['hosts']['ports'] = 'exact',
): ContextOf {
  const claimsOf = new WeakMap<Identity, ExpressionContext['claims']>();
  const contextOf = (
    identity: Identity,
    request: CheckRequest,
    readName: () => string,
  ): ExpressionContext => {
    const { issuer, audiences, scopes, expiresAt, payload } = identity;
    // An expression looks at some of it, and each part costs what a client sends: so each is read when it is looked at, once.
    const segments = once(() => readPath(request.path) ?? []);
    const path = once(() => `/${segments().join('/')}`);
    const host = once(readName);
    const query = once(() => queryOf(request.path));
    const headers = once(() => headersOf(request, trustedHeaders));
    return {
      target: request.path,
      get claims() {
        return claimsOf.getOrInsertComputed(identity, () => readClaims(payload));
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
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

/** The parameters of the query: of one that comes twice, nobody can say which the workload takes. */
function queryOf(target: string): Readonly<Record<string, string>> {
  const start = target.indexOf('?');
  if (start < 0) return {};
  const values = new Map<string, string | undefined>();
  for (const [name, value] of new URLSearchParams(target.slice(start + 1)))
    values.set(name, values.has(name) ? undefined : value);
  return valuesThatComeOnce(values);
}

/** An object of values; one that is undefined came more than once: it is there, and to look at it is an error. */
function valuesThatComeOnce(values: Iterable<readonly [string, string | undefined]>) {
  const once: Record<string, string> = {};
  for (const [name, value] of values)
    Object.defineProperty(
      once,
      name,
      value === undefined
        ? { enumerable: true, get: () => tooMany(name) }
        : { enumerable: true, value, writable: false },
    );
  return once;
}

function tooMany(name: string): never {
  throw new TypeError(`${name} comes more than once`);
}

function headersOf(request: CheckRequest, names: readonly string[]): Readonly<Record<string, string>> {
  return valuesThatComeOnce(
    names.flatMap((name): (readonly [string, string | undefined])[] => {
      const [value, ...others] = request.header(name);
      if (value === undefined) return [];
      return [[name, others.length > 0 ? undefined : value]];
    }),
  );
}
