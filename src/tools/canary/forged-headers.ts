/** Identity headers that an attacker would send, in every spelling that a workload may treat as the same header. */
import { otherSpellings } from '../../config/values/header-names.ts';

/** A forged header. Its value occurs nowhere else. */
export interface ForgedHeader {
  readonly name: string;
  readonly value: string;
}

/**
 * Forges each header in each spelling with hyphens and underscores, in lower and upper case, and twice under its own name.
 *
 * @param names the identity headers of the configuration, in lower case
 * @param nonce letters and digits that make the values unique
 */
export function forgedHeaders(names: readonly string[], nonce: string): readonly ForgedHeader[] {
  const spellings = names.flatMap((name) => [
    name,
    ...otherSpellings(name),
    name.toUpperCase(),
    titleCase(name),
    name,
  ]);
  return spellings.map((name, index) => ({ name, value: `forged${nonce}x${index}x` }));
}

/** `x-auth-user` becomes `X-Auth-User`. */
function titleCase(name: string): string {
  return name.replaceAll(
    /(^|[-_])([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}
