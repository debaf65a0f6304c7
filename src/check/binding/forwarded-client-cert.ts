/**
 * Reads Envoy's `x-forwarded-client-cert` strictly: only text that a proxy wrote is trusted.
 *
 * A client that can send the header chooses the text before the proxy's own element. Within the limits of its CA, the client also
 * chooses the subject, the URIs and the DNS names in that element. Envoy escapes the subject, but neither quotes nor escapes URIs
 * and DNS names. Three rules detect both kinds of client text:
 *
 * 1. The header is a list of elements separated by commas. Each element is a list of `Key=value` pairs separated by semicolons. A value
 *    has no quotes, or is quoted from its first to its last character. Any other text, such as an unpaired quote, makes the whole header
 *    invalid.
 * 2. An unpaired quote of the client ends at the first quote in the proxy's element, or never. The text between contains the proxy's
 *    `Hash=` with 64 digits and a semicolon. No quoted value of a proxy contains that, because semicolons in a subject are escaped. A
 *    header with such a value is invalid.
 * 3. A comma in the proxy's element that is not in the subject is in a URI or a DNS name. The reader sees an element that ends at this
 *    comma, followed by elements that the client wrote. An element with a URI, a DNS name or an unknown key after its hash can thus be
 *    the first part of the proxy's element, and the elements after it are not trusted.
 */

/** The element of one proxy: values by lower-case key, unchanged and with their quotes. */
export type Element = ReadonlyMap<string, string>;

/** A pair, followed by a comma, a semicolon or the end. A value contains no line break, because line breaks separate header lines. */
const pairPattern = /([\w-]+)=("[^"\\\n]*(?:\\.[^"\\\n]*)*"|[^",;\n]*)([,;]|$)/y;

/** The start of an element with further pairs after its hash. */
const swallowedElement = /Hash=[0-9a-f]{64};/i;

const hashPattern = /^[0-9a-f]{64}$/i;

/** The keys that Envoy writes, in order. */
const order = ['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'];

/** The keys whose values never contain a comma outside quotes. */
const withoutComma = new Set(['cert', 'chain', 'subject']);

/** The keys that can repeat. It is then unknown which value names the peer. */
const repeatable = new Set(['by', 'uri', 'dns']);

type Pair = readonly [key: string, value: string];

/**
 * Reads the last elements of a header, which the proxies wrote.
 *
 * @param count the number of elements
 * @returns the elements in order; undefined if the header is invalid, has fewer elements, or a client can have written one of them
 */
export function readLastElements(header: string, count: number): readonly Element[] | undefined {
  const elements = split(header);
  if (elements === undefined || elements.length < count) return undefined;
  const first = elements.length - count;
  if (elements.slice(0, first).some(canContinue)) return undefined;
  const read = elements.slice(first).map(readElement);
  return read.every((element) => element !== undefined) ? read : undefined;
}

function split(header: string): readonly (readonly Pair[])[] | undefined {
  const elements: Pair[][] = [[]];
  pairPattern.lastIndex = 0;
  for (;;) {
    const [, key = '', value = '', separator = ''] = pairPattern.exec(header) ?? [];
    if (key === '' || (value.startsWith('"') && swallowedElement.test(value))) return undefined;
    elements.at(-1)?.push([key.toLowerCase(), value]);
    if (separator === '') return elements;
    if (separator === ',') elements.push([]);
  }
}

/** Whether the comma after an element can be part of a value that a client chose. */
function canContinue(pairs: readonly Pair[]): boolean {
  const hash = pairs.findIndex(([key, value]) => key === 'hash' && hashPattern.test(value));
  return hash >= 0 && pairs.slice(hash + 1).some(([key]) => !withoutComma.has(key));
}

/** The element, or undefined if a known key is out of order or duplicated, because a client wrote part of it then. */
function readElement(pairs: readonly Pair[]): Element | undefined {
  const element = new Map<string, string>();
  const repeated = new Set<string>();
  let reached = 0;
  for (const [key, value] of pairs) {
    const place = order.indexOf(key);
    if (place >= 0 && place < reached) return undefined;
    if (element.has(key) && !repeatable.has(key)) return undefined;
    if (element.has(key)) repeated.add(key);
    if (place >= 0) reached = place;
    element.set(key, value);
  }
  for (const key of repeated) element.delete(key);
  return element;
}
