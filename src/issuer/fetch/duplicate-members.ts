/** Members that an object in JSON is written with more than once (RFC 8259 section 4): readers differ in which they take. */

/** Where a member is: the names of members and the indexes in lists that lead to it. */
export type MemberPath = readonly (string | number)[];

/** How deep members are looked at: the members of a key, in the list, in the set. */
const deepest = 3;

/** A token of JSON: a text, a mark of its structure, or a run of anything else. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^"[\]{},:]+/gs;

interface Level {
  /** The names so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** Where in it the reader is. */
  place: string | number;
}

/**
 * Finds the members whose names come twice in their object. Names are compared as they are read: `"k\u0065ys"` is `keys`.
 *
 * @param json a text that JSON.parse takes
 * @returns the path of each repetition, not deeper than the members of a key set's keys
 */
export function duplicateMembers(json: string): readonly MemberPath[] {
  const found: MemberPath[] = [];
  const levels: Level[] = [];
  let depth = 0;
  let text = '';
  for (const [token] of json.matchAll(tokens)) {
    const level = depth > deepest ? undefined : levels[depth - 1];
    switch (token) {
      case '{':
      case '[':
        depth++;
        if (depth <= deepest) levels.push({ names: token === '{' ? new Set() : undefined, place: 0 });
        break;
      case '}':
      case ']':
        if (depth <= deepest) levels.pop();
        depth--;
        break;
      case ',':
        if (typeof level?.place === 'number') level.place++;
        break;
      case ':': {
        if (level?.names === undefined) break;
        const name = JSON.parse(text) as string;
        level.place = name;
        if (level.names.has(name)) found.push(levels.map(({ place }) => place));
        level.names.add(name);
        break;
      }
      default:
        if (token.startsWith('"')) text = token;
    }
  }
  return found;
}
