/** The `typ` of a token, normalized for comparison. */
import { wrongType } from './claims.ts';

/** Reads `typ` of a header. An absent `typ` counts as `jwt`. */
export function typeOf(typ: unknown): string | typeof wrongType {
  if (typ === undefined) return 'jwt';
  return typeof typ === 'string' ? normalType(typ) : wrongType;
}

/** A media type in lower case, without `application/` (RFC 7515 section 4.1.9). */
export function normalType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}
