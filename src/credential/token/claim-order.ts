/** The member names of a claim that is an object, in the order of the token. */

import type { ClaimName } from '../../config/values/claim-names.ts';
import type { Claims } from '../../model/identity.ts';
import { replaceNames } from '../../runtime/json-text.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { createReadClaim, isObject } from './claim-path.ts';

/** Returns the names in order. */
type NamesInOrder = (object: Claims, payload: string | undefined) => readonly string[];

/** Added to each name while the order is read, so that no name is a whole number. */
const prefix = '.';

/**
 * Creates the function for one claim. JavaScript lists names that are whole numbers first. If there are any, the payload is
 * parsed again with prefixed names.
 */
export function namesInOrder(claim: ClaimName): NamesInOrder {
  const read = createReadClaim(claim, prefix);
  return (object, payload) => {
    const names = Object.keys(object);
    if (payload === undefined || !names.some((name) => /^\d+$/.test(name))) return names;
    const prefixed = read(parseJson(withPrefixes(payload)) as Claims);
    return isObject(prefixed) ? Object.keys(prefixed).map((name) => name.slice(prefix.length)) : names;
  };
}

/** Adds the prefix to each member name in JSON text. */
function withPrefixes(json: string): string {
  return replaceNames(json, (written) => `"${prefix}${written.slice(1)}`);
}
