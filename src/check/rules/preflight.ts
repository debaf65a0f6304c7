/** Pre-flight requests: an `OPTIONS` by which a browser asks whether it may send another method (Fetch standard, CORS-preflight). */
import type { CheckRequest } from '../../model/check-request.ts';

/** What a request for `OPTIONS` asks for. */
export interface Preflight {
  /** The lines of `access-control-request-method`. */
  readonly asked: readonly string[];
  /** The one method that a browser asks for; undefined where a browser would not ask so. */
  readonly method: string | undefined;
}

/** A method as it can stand in a request (RFC 9110 section 9.1): one, and not a list of them. */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads what a request asks for; undefined if its method is another one than `OPTIONS`. */
export function readPreflight(request: CheckRequest): Preflight | undefined {
  if (request.method !== 'OPTIONS') return undefined;
  const asked = request.header('access-control-request-method');
  const [method = '', ...others] = asked;
  const isWhole = others.length === 0 && methodPattern.test(method) && request.header('origin').length === 1;
  return { asked, method: isWhole ? method : undefined };
}

/**
 * Whether a request asks for anything but exactly one of some methods. Several lines, an empty one and one with another case do: what a
 * workload makes of them is not known. The origin does not matter, since many workloads do not look at it.
 */
export function asksForOther(
  preflight: Preflight | undefined,
  methods: ReadonlySet<string> | undefined,
): boolean {
  if (preflight === undefined || preflight.asked.length === 0) return false;
  const [method = '', ...others] = preflight.asked;
  return others.length > 0 || !(methods?.has(method) ?? false);
}
