/** Finds where a misplaced option belongs. */
import { dotted, listOptions } from '../describe/option-list.ts';

/** Sections that many configurations do not have. An option of such a section is named only if the section is there, or no other is known. */
const optionalSections = ['login', 'sessions', 'state', 'issuers[].login'];

/** Maximum number of places in a message. If there are more, the message names none. */
const mostPlaces = 4;

/**
 * Describes where an option of a name belongs: below the given path if it exists there, otherwise anywhere.
 *
 * @param hasSection whether the configuration has a section, such as `login`
 * @returns for example `` in `issuers[]` ``; undefined if no option has the name, or too many do
 */
export function correctLocation(
  at: readonly PropertyKey[],
  key: string,
  hasSection: (section: string) => boolean,
): string | undefined {
  const here = dotted(at).replaceAll(/\[\d+\]/g, '[]');
  const every = parentsOf(key).filter((parent) => parent !== here);
  const absent = optionalSections.filter((section) => !hasSection(section));
  const present = every.filter((parent) => !absent.some((section) => `${parent}.`.startsWith(`${section}.`)));
  const parents = present.length > 0 ? present : every;
  const prefix = here === '' ? '' : `${here}.`;
  const inner = here === '' ? [] : parents.filter((parent) => parent.startsWith(prefix));
  if (inner.length > 0) return describeParents(inner.map((parent) => parent.slice(prefix.length)));
  // Rules of policies have the same options as `rules`.
  const outer = parents.filter(
    (parent) => !parents.some((other) => other !== parent && parent === `policies[].${other}`),
  );
  const isInPolicy = here.startsWith('policies[].rules[]');
  return describeParents(isInPolicy ? parents.filter((parent) => !parent.startsWith('rules[]')) : outer);
}

function describeParents(parents: readonly string[]): string | undefined {
  if (parents.length === 0 || parents.length > mostPlaces) return undefined;
  const below = parents.filter((parent) => parent !== '').map((parent) => `\`${parent}\``);
  const places = [
    ...(parents.includes('') ? ['at the top of the file'] : []),
    ...(below.length === 0 ? [] : [`in ${below.join(' or ')}`]),
  ];
  return places.join(', or ');
}

/** The parents that have an option, or a group of options, of this name. */
function parentsOf(key: string): string[] {
  const parents = listOptions().flatMap(({ path }) =>
    path.flatMap((part, index) => (part === key ? [dotted(path.slice(0, index))] : [])),
  );
  return [...new Set(parents)];
}
