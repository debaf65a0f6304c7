/** The headers of a CheckRequest. Values are decoded on demand. */

/** A header, and the offsets of its value in the message. */
export interface Header {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether the value is raw bytes, one character per byte. */
  readonly isLatin1: boolean;
}

/** The headers of a message. */
export interface Headers {
  /** Those of `headers`, by key, in which Envoy joins several lines of a name. The last value of a key counts. */
  readonly joined: Map<string, Header>;
  /** Those of `header_map`, one per line. */
  readonly raw: Header[];
}

/** The same headers as lists, for lookups of a few of them. */
export interface HeaderLists {
  readonly joined: readonly Header[];
  readonly raw: readonly Header[];
}

/** All headers by name. Created once per request, at the first lookup. */
export interface HeaderIndex {
  /** Those of `headers`, by key, which usually is the lower-case name. */
  readonly joined: ReadonlyMap<string, Header>;
  /** Those of `headers` whose key has upper-case letters, by name. */
  readonly spelled: ReadonlyMap<string, readonly Header[]>;
  /** Those of `header_map`, by name. */
  readonly raw: ReadonlyMap<string, readonly Header[]>;
}

/** Creates the index. */
export function indexHeaders({ joined, raw }: Headers): HeaderIndex {
  const spelled: Header[] = [];
  for (const [key, header] of joined) if (header.name !== key) spelled.push(header);
  return { joined, spelled: byName(spelled), raw: byName(raw) };
}

function byName(headers: readonly Header[]): ReadonlyMap<string, readonly Header[]> {
  const named = new Map<string, Header[]>();
  for (const header of headers) {
    const others = named.get(header.name);
    if (others === undefined) named.set(header.name, [header]);
    else others.push(header);
  }
  return named;
}

/** All header lines except pseudo headers and `host`. Uses `header_map` if it is set, because it keeps lines separate. */
export function linesOf(bytes: Buffer, { joined, raw }: HeaderIndex): readonly (readonly [string, string])[] {
  const headers = raw.size > 0 ? [...raw.values()].flat() : [...joined.values()];
  return headers
    .filter(({ name }) => !name.startsWith(':') && name !== 'host')
    .map((header) => {
      const value = headerValue(bytes, header);
      return [header.name, header.isLatin1 ? value : toBytes(value)];
    });
}

/** Converts text to HTTP/1.1's form: one character per byte of UTF-8. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function headerValue(bytes: Buffer, { valueStart, valueEnd, isLatin1 }: Header): string {
  return bytes.toString(isLatin1 ? 'latin1' : 'utf8', valueStart, valueEnd);
}

/** Creates the lists. */
export function listHeaders({ joined, raw }: Headers): HeaderLists {
  return { joined: [...joined.values()], raw };
}

const none: readonly string[] = [];

/** The lines of one of the used headers. */
export function valuesOf(bytes: Buffer, { joined, raw }: HeaderLists, name: string): readonly string[] {
  return agreed(namedIn(joined, bytes, name), namedIn(raw, bytes, name));
}

function namedIn(headers: readonly Header[], bytes: Buffer, name: string): readonly string[] {
  let values: string[] | undefined;
  for (const header of headers) {
    if (header.name !== name) continue;
    values ??= [];
    values.push(headerValue(bytes, header));
  }
  return values ?? none;
}

/** Merges the lines of both kinds. If each has one line and they are equal, the result has one line. */
function agreed(joined: readonly string[], raw: readonly string[]): readonly string[] {
  if (raw.length === 0) return joined;
  const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
  return isTheSame ? joined : [...joined, ...raw];
}

/** The headers that repeat the host. */
export const hostHeaders = [':authority', 'host'] as const;

/** The host. If a header disagrees or is repeated, all values joined with commas, which no rule matches. */
export function hostOf(bytes: Buffer, host: string, headers: HeaderLists): string {
  const isClear = isHostOnce(headers.joined, bytes, host) && isHostOnce(headers.raw, bytes, host);
  if (isClear) return host;
  return [host, ...hostHeaders.flatMap((name) => valuesOf(bytes, headers, name))].join(',');
}

/** Whether each host header is there at most once and equals the host. */
function isHostOnce(headers: readonly Header[], bytes: Buffer, host: string): boolean {
  const seen = { ':authority': false, host: false };
  for (const header of headers) {
    const { name } = header;
    if (name !== ':authority' && name !== 'host') continue;
    if (seen[name] || headerValue(bytes, header) !== host) return false;
    seen[name] = true;
  }
  return true;
}

/** The value of a list header, which Envoy writes into one line. Empty if `headers` and `header_map` disagree. */
export function listOf(bytes: Buffer, { joined, raw }: HeaderLists, name: string): string {
  const [fromJoined, fromRaw] = [namedIn(joined, bytes, name), namedIn(raw, bytes, name)];
  const values = agreed(fromJoined, fromRaw);
  return fromJoined.length > 0 && fromRaw.length > 0 && values.length > 1 ? '' : values.join('\n');
}

/** The lines of any header, by its lower-case name. */
export function linesNamed(
  bytes: Buffer,
  { joined, spelled, raw }: HeaderIndex,
  name: string,
): readonly string[] {
  const plain = joined.get(name);
  const inSmall = plain?.name === name ? [plain] : [];
  const read = (header: Header) => headerValue(bytes, header);
  return agreed([...inSmall, ...(spelled.get(name) ?? [])].map(read), (raw.get(name) ?? []).map(read));
}
