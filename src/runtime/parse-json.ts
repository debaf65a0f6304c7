/** Parses JSON from outside. V8's own parser can misread member names that have escape sequences. */
import { replaceNames } from './json-text.ts';

/**
 * Parses JSON text (RFC 8259).
 *
 * `JSON.parse` of V8 14.6 compares a name with the names of earlier objects before it decodes the name's escape sequences.
 * After `{"a":1,"\\":1}`, it reads `{"a":1,"\u0061":1}` as `{"a":1,"\\":1}`. One client could change how the token
 * of another client is read. This function removes the escape sequences from names before it parses.
 *
 * @throws SyntaxError if the text is not JSON, or if more than {@link mostUnsafeNames} names need an escape sequence
 */
export function parseJson(text: string): unknown {
  return text.includes('\\') ? parseEscaped(text) : JSON.parse(text);
}

/**
 * Maximum number of names with a quote, a backslash or a control character. Each costs ten times as much as another name, and
 * the text can come from a client that is not authenticated.
 */
export const mostUnsafeNames = 100;

function parseEscaped(text: string): unknown {
  let unsafeNames = 0;
  const decoded = replaceNames(text, (written) => {
    if (!written.includes('\\')) return written;
    const name: string = JSON.parse(written);
    if (unsafe.test(name) && ++unsafeNames > mostUnsafeNames)
      throw new SyntaxError(`more than ${mostUnsafeNames} member names need an escape sequence`);
    return `"${name}"`;
  });
  if (unsafeNames === 0) return JSON.parse(decoded);
  const encoded = replaceNames(text, (written) =>
    /[%\\]/.test(written) ? `"${percentEncoded(JSON.parse(written))}"` : written,
  );
  return withDecodedNames(JSON.parse(encoded));
}

/** The characters that JSON does not allow in a string without an escape sequence. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them
const unsafe = /["\\\u0000-\u001f]/;

/** Encodes these characters and `%`, so that different names stay different. */
function percentEncoded(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them
  return name.replaceAll(/[%"\\\u0000-\u001f]/g, (character) => `%${hex(character.charCodeAt(0))}`);
}

function withDecodedNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withDecodedNames);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.includes('%') ? percentDecoded(name) : name,
      withDecodedNames(member),
    ]),
  );
}

function percentDecoded(name: string): string {
  return name.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function hex(code: number): string {
  return code.toString(16).padStart(2, '0');
}
