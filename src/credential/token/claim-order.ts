/** The names of an object's members in the order of the token. */

import type { ClaimName } from '../../config/values/claim-names.ts';
import type { Claims } from '../../model/identity.ts';
import { createReadClaim, isObject } from './claim-path.ts';

/** The order of the members of a claim that is an object. */
type NamesInOrder = (object: Claims, payload: string | undefined) => readonly string[];

/** Stands before each name while the order is read: with it, none looks like a number. */
const prefix = '.';

/**
 * Makes what tells the names of the members of a claim, in the order in which the payload writes them. The language gives
 * names that are whole numbers first, so where there are any, the payload is read again with other names.
 */
export function namesInOrder(claim: ClaimName): NamesInOrder {
  const read = createReadClaim(claim, prefix);
  return (object, payload) => {
    const names = Object.keys(object);
    if (payload === undefined || !names.some((name) => /^\d+$/.test(name))) return names;
    const prefixed = read(JSON.parse(withPrefixes(payload)) as Claims);
    return isObject(prefixed) ? Object.keys(prefixed).map((name) => name.slice(prefix.length)) : names;
  };
}

/** JSON text in which each name of a member begins with the prefix; a text before a colon is a name. */
function withPrefixes(json: string): string {
  return json.replaceAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (text, name: string, behind: string | undefined) =>
    behind === undefined ? text : `"${prefix}${name}"${behind}`,
  );
}
