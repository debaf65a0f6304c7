/** CORS preflights: `OPTIONS` requests with which a browser asks whether it can send another method (Fetch standard). */
import type { CheckRequest } from '../../model/check-request.ts';

/** An `OPTIONS` request. */
export interface Preflight {
  /** The lines of `access-control-request-method`. */
  readonly requested: readonly string[];
  /** The requested method; undefined if a browser would not send this request. */
  readonly method: string | undefined;
}

/** One method (RFC 9110 section 9.1), not a list. */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads an `OPTIONS` request; undefined for other methods. */
export function readPreflight(request: CheckRequest): Preflight | undefined {
  if (request.method !== 'OPTIONS') return undefined;
  const requested = request.header('access-control-request-method');
  const [method = '', ...others] = requested;
  const isValid = others.length === 0 && methodPattern.test(method) && request.header('origin').length === 1;
  return { requested, method: isValid ? method : undefined };
}

/**
 * Whether a request asks for anything other than exactly one of these methods. Several header lines, an empty line and another case
 * count as other, because it is unknown how the upstream reads them. The origin is ignored, because many upstreams ignore it.
 */
export function asksForOther(
  preflight: Preflight | undefined,
  methods: ReadonlySet<string> | undefined,
): boolean {
  if (preflight === undefined || preflight.requested.length === 0) return false;
  const [method = '', ...others] = preflight.requested;
  return others.length > 0 || !(methods?.has(method) ?? false);
}
