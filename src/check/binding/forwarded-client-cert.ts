/**
 * Envoy's `x-forwarded-client-cert`, read so strictly that nothing in it is taken for what a proxy wrote unless a proxy wrote it.
 *
 * A client that may send the header chooses what stands before the proxy's own element. As far as its authority signs it, the
 * client also chooses the subject, the URIs and the DNS names within that element: Envoy escapes the subject, but it neither quotes
 * nor escapes URIs and DNS names. Three rules keep both out. They do not depend on what the client chose:
 *
 * 1. The header is elements with commas between them, each of `Key=value` pairs with semicolons between them. A value has no quote,
 *    or is quoted from its first to its last character. Any other text, an unpaired quote first of all, makes all of it unreadable.
 * 2. A quote that the client leaves open ends at the first quote of the proxy's element, or never. Between the two stands the
 *    proxy's `Hash=`, its 64 digits and a semicolon. No quoted value of a proxy holds that, since a subject has each semicolon
 *    escaped. So a header with such a value is unreadable.
 * 3. Every comma within the proxy's element that is not in its subject is in a URI or a DNS name. The reader sees an element that ends
 *    there, and then further ones, which the client wrote. So an element with a URI, a DNS name or an unknown key behind its hash may be
 *    the first part of the proxy's own, and what follows it is not believed.
 */

/** What one proxy wrote of its peer: values by their keys in lower case, each as it stands there, with its quotes. */
export type Element = ReadonlyMap<string, string>;

/** A pair, and what follows: a comma, a semicolon, or the end. A line break separates lines and is part of no value. */
const pairPattern = /([\w-]+)=("[^"\\\n]*(?:\\.[^"\\\n]*)*"|[^",;\n]*)([,;]|$)/y;

/** The beginning of an element that has more behind its hash. */
const swallowedElement = /Hash=[0-9a-f]{64};/i;

const hashPattern = /^[0-9a-f]{64}$/i;

/** The keys that Envoy writes, in its order. */
const order = ['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'];

/** Those with values that hold no comma outside of quotes, whoever chose them. */
const contained = new Set(['cert', 'chain', 'subject']);

/** Of these an element may have several; which one names the peer is unknown then. */
const repeatable = new Set(['by', 'uri', 'dns']);

type Pair = readonly [key: string, value: string];

/**
 * Reads the last elements of a header, the ones that proxies wrote.
 *
 * @param count how many there are
 * @returns them in order; undefined if the header is unreadable, if it has fewer, or if a client may have written one of them
 */
export function readLastElements(header: string, count: number): readonly Element[] | undefined {
  const elements = split(header);
  if (elements === undefined || elements.length < count) return undefined;
  const first = elements.length - count;
  if (elements.slice(0, first).some(mayGoOn)) return undefined;
  const read = elements.slice(first).map(asWritten);
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

/** Whether the comma behind an element may be part of a value that a client chose. */
function mayGoOn(pairs: readonly Pair[]): boolean {
  const hash = pairs.findIndex(([key, value]) => key === 'hash' && hashPattern.test(value));
  return hash >= 0 && pairs.slice(hash + 1).some(([key]) => !contained.has(key));
}

/** An element as Envoy writes it, or undefined: one with a known key out of its order, or twice, has a part that a client wrote. */
function asWritten(pairs: readonly Pair[]): Element | undefined {
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
