/** The dynamic table of a decoder (RFC 7541 sections 2.3.2 and 4). */

/** An entry. */
interface Entry<Read> {
  readonly name: string;
  readonly field: Read;
  /** In bytes, as the table counts it. */
  readonly size: number;
}

/** A dynamic table. Entries are in a ring, so that nothing moves when one is added. */
export interface DynamicTable<Read> {
  /** The length is a power of two. */
  readonly ring: (Entry<Read> | undefined)[];
  /** The place of the next entry in the ring. */
  next: number;
  count: number;
  /** The sum of the sizes, in bytes. */
  size: number;
  maxSize: number;
}

/** The size of an entry with an empty name and an empty value, in bytes. */
const entryOverhead = 32;

/**
 * Creates an empty table.
 *
 * @param limit the largest maximum size that it will have, in bytes
 * @param maxSize the first maximum size, in bytes
 */
export function createDynamicTable<Read>(limit: number, maxSize: number): DynamicTable<Read> {
  const mostEntries = Math.max(Math.floor(limit / entryOverhead), 1);
  const ring = new Array(2 ** Math.ceil(Math.log2(mostEntries))).fill(undefined);
  return { ring, next: 0, count: 0, size: 0, maxSize };
}

/** The entry of an age, which is 1 for the newest one; undefined if the table does not have it. */
export function entryOf<Read>(table: DynamicTable<Read>, age: number): Entry<Read> | undefined {
  return age > table.count ? undefined : table.ring[placeOf(table, age)];
}

/** Adds an entry, and evicts old ones for it. One that is larger than the table leaves the table empty (section 4.4). */
export function addEntry<Read>(table: DynamicTable<Read>, name: string, value: string, field: Read): void {
  const size = name.length + value.length + entryOverhead;
  evictTo(table, table.maxSize - size);
  if (size > table.maxSize) return;
  table.ring[table.next] = { name, field, size };
  table.next = (table.next + 1) & (table.ring.length - 1);
  table.count++;
  table.size += size;
}

/** Changes the maximum size, and evicts the entries that are too much (section 4.3). */
export function resizeTable<Read>(table: DynamicTable<Read>, maxSize: number): void {
  table.maxSize = maxSize;
  evictTo(table, maxSize);
}

/** Evicts all entries. */
export function clearTable<Read>(table: DynamicTable<Read>): void {
  evictTo(table, 0);
}

/** Evicts the oldest entries until the table has at most this size, or is empty. */
function evictTo<Read>(table: DynamicTable<Read>, size: number): void {
  while (table.size > size && table.count > 0) {
    const oldest = placeOf(table, table.count);
    table.size -= table.ring[oldest]?.size ?? 0;
    table.ring[oldest] = undefined;
    table.count--;
  }
}

function placeOf<Read>(table: DynamicTable<Read>, age: number): number {
  return (table.next - age) & (table.ring.length - 1);
}
