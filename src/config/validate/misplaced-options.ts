/** Where an option is that stands where it is not known. */
import { dotted, leaves } from '../describe/option-list.ts';

/** More places than these say nothing. */
const mostPlaces = 4;

/**
 * Says where an option of a name is, below the place where it stands if it is there, else anywhere.
 *
 * @returns e.g. `` below `issuers[]` ``; undefined where no option has the name, or too many have it
 */
export function otherPlace(at: readonly PropertyKey[], key: string): string | undefined {
  const here = dotted(at).replaceAll(/\[\d+\]/g, '[]');
  const parents = parentsOf(key).filter((parent) => parent !== here);
  const prefix = here === '' ? '' : `${here}.`;
  const inner = here === '' ? [] : parents.filter((parent) => parent.startsWith(prefix));
  if (inner.length > 0) return told(inner.map((parent) => parent.slice(prefix.length)));
  // Rules of policies have what rules have.
  const outer = parents.filter(
    (parent) => !parents.some((other) => other !== parent && parent === `policies[].${other}`),
  );
  const isInPolicy = here.startsWith('policies[].rules[]');
  return told(isInPolicy ? parents.filter((parent) => !parent.startsWith('rules[]')) : outer);
}

function told(parents: readonly string[]): string | undefined {
  if (parents.length === 0 || parents.length > mostPlaces) return undefined;
  const below = parents.filter((parent) => parent !== '').map((parent) => `\`${parent}\``);
  const places = [
    ...(parents.includes('') ? ['at the top of the file'] : []),
    ...(below.length === 0 ? [] : [`below ${below.join(' or ')}`]),
  ];
  return places.join(', or ');
}

/** What has an option, or a group of options, of this name directly below it. */
function parentsOf(key: string): string[] {
  const parents = leaves().flatMap(({ path }) =>
    path.flatMap((part, index) => (part === key ? [dotted(path.slice(0, index))] : [])),
  );
  return [...new Set(parents)];
}
