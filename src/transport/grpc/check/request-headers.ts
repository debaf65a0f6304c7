/** The headers of a CheckRequest: where their values are, and what is read of them once somebody asks. */

/** A header, and where in the message its value is. */
export interface Header {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether the value came as bytes, of which each is one of its characters. */
  readonly isLatin1: boolean;
}

/** The headers of a message, of either kind. */
export interface Headers {
  /** Those of `headers`, where several lines of one name are joined; by the key as it was written, of which the last counts. */
  readonly joined: Map<string, Header>;
  /** Those of `header_map`, line by line. */
  readonly raw: Header[];
}

/** Every header by its name: made once for a request, when the first one is asked for. */
export interface HeaderIndex {
  /** Those of `headers` by their key, which mostly is the name. */
  readonly joined: ReadonlyMap<string, Header>;
  /** Those of `headers` whose key has capitals, by their name. */
  readonly spelled: ReadonlyMap<string, readonly Header[]>;
  /** Those of `header_map` by their name. */
  readonly raw: ReadonlyMap<string, readonly Header[]>;
}

/** Makes the index. */
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

/** Every header line but pseudo headers and `host`; where there are two accounts of them, the one that keeps lines apart. */
export function linesOf(bytes: Buffer, { joined, raw }: HeaderIndex): readonly (readonly [string, string])[] {
  const headers = raw.size > 0 ? [...raw.values()].flat() : [...joined.values()];
  return headers
    .filter(({ name }) => !name.startsWith(':') && name !== 'host')
    .map((header) => {
      const value = headerValue(bytes, header);
      return [header.name, header.isLatin1 ? value : toBytes(value)];
    });
}

/** Text as HTTP/1.1 carries it: one character for each byte of its UTF-8. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function headerValue(bytes: Buffer, { valueStart, valueEnd, isLatin1 }: Header): string {
  return bytes.toString(isLatin1 ? 'latin1' : 'utf8', valueStart, valueEnd);
}

/** The lines of a header that was looked for. */
export function valuesOf(bytes: Buffer, { joined, raw }: Headers, name: string): readonly string[] {
  return agreed(namedIn(joined.values(), bytes, name), namedIn(raw, bytes, name));
}

function namedIn(headers: Iterable<Header>, bytes: Buffer, name: string): string[] {
  const values: string[] = [];
  for (const header of headers) if (header.name === name) values.push(headerValue(bytes, header));
  return values;
}

/** The lines of a header. Where both kinds carry it and agree, they are one; where they do not, they are two. */
function agreed(joined: readonly string[], raw: readonly string[]): readonly string[] {
  const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
  return isTheSame ? joined : [...joined, ...raw];
}

/** The headers that say the host once more. */
export const hostHeaders = [':authority', 'host'] as const;

/** The host; where there is another account of it, or a header of it comes twice, all of them with commas between. */
export function hostOf(bytes: Buffer, host: string, headers: Headers): string {
  const isClear = isHostOnce(headers.joined.values(), bytes, host) && isHostOnce(headers.raw, bytes, host);
  if (isClear) return host;
  return [host, ...hostHeaders.flatMap((name) => valuesOf(bytes, headers, name))].join(',');
}

/** Whether each header of the host comes once at most, and says the same. */
function isHostOnce(headers: Iterable<Header>, bytes: Buffer, host: string): boolean {
  const seen = { ':authority': false, host: false };
  for (const header of headers) {
    const { name } = header;
    if (name !== ':authority' && name !== 'host') continue;
    if (seen[name] || headerValue(bytes, header) !== host) return false;
    seen[name] = true;
  }
  return true;
}

/** A header that is a list, which Envoy writes into one line: where there are two accounts of it, neither is believed. */
export function listOf(bytes: Buffer, { joined, raw }: Headers, name: string): string {
  const [fromJoined, fromRaw] = [namedIn(joined.values(), bytes, name), namedIn(raw, bytes, name)];
  const values = agreed(fromJoined, fromRaw);
  return fromJoined.length > 0 && fromRaw.length > 0 && values.length > 1 ? '' : values.join('\n');
}

/** The lines of any header, looked up by its name in lower case. */
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
