/** Parses the JSON objects of a token more strictly than JSON.parse. */
import { isUtf8 } from 'node:buffer';
import { endOfString } from '../../runtime/json-text.ts';
import { parseJson } from '../../runtime/parse-json.ts';

/** The deepest allowed nesting of objects and lists, including the outermost object. */
export const maxNesting = 32;

/**
 * Parses a JSON object (RFC 8259, RFC 7519 section 7.2). It must be valid UTF-8 without a byte order mark, have no duplicate
 * members at the top level (RFC 7515 section 4), and be nested at most {@link maxNesting} levels.
 *
 * @returns undefined if the text is not such an object
 */
export function readJsonObject(bytes: Buffer): Record<string, unknown> | undefined {
  const text = textOf(bytes);
  return text === undefined ? undefined : parseJsonObject(text);
}

/** Decodes UTF-8. @returns undefined if the bytes are not valid UTF-8 */
export function textOf(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** Parses a JSON object as {@link readJsonObject} does, from its text. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const members = countMembers(text);
  if (members === undefined) return undefined;
  const value = parse(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.keys(value).length === members ? (value as Record<string, unknown>) : undefined;
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const quote = 0x22;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Counts the members of the outermost object. JSON.parse hides duplicates.
 *
 * @returns undefined if the nesting is too deep
 */
function countMembers(text: string): number | undefined {
  let members = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case quote:
        index = endOfString(text, index);
        break;
      case colon:
        if (depth === 1) members++;
        break;
      case openBrace:
      case openBracket:
        depth++;
        if (depth > maxNesting) return undefined;
        break;
      case closeBrace:
      case closeBracket:
        depth--;
        break;
    }
  }
  return members;
}
