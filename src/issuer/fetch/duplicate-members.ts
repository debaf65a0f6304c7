/** Finds members that a JSON object has more than once (RFC 8259 section 4). Parsers differ in which one they use. */

/** The path to a member: names of members and indexes in lists. */
export type MemberPath = readonly (string | number)[];

/** The number of nested levels that are checked: the key set, its list of keys, and the members of a key. */
const deepest = 3;

/** A token of JSON: a string, a structural character, or anything else. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^"[\]{},:]+/gs;

interface Level {
  /** The names found so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** The current member or index. */
  place: string | number;
}

/**
 * Finds the repeated members. Names are compared after unescaping: `"k\u0065ys"` equals `keys`.
 *
 * @param json valid JSON
 * @returns the path of each repetition, at most {@link deepest} levels deep
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
