/** An encoder for tests, which writes each field in any of the ways of RFC 7541. It shares no code with the decoder. */
import fc from 'fast-check';
import type { Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';
import { encodeHuffman } from './huffman-codes.ts';

/** How to write a field. */
interface Form {
  /** Without a matching entry, `indexed` is written as `incremental`. */
  readonly kind: 'indexed' | 'incremental' | 'plain' | 'never';
  readonly isNameHuffman: boolean;
  readonly isValueHuffman: boolean;
  /** Chooses among the matching entries. For a name, the last choice is to write it. */
  readonly choice: number;
  /** Bytes of zeros after each long integer. */
  readonly padding: number;
}

/** The fields of a block, and the sizes of the table that come first. */
export interface PlannedBlock {
  readonly sizes: readonly number[];
  readonly fields: readonly { readonly field: Field; readonly form: Form }[];
}

const staticTable = `
:authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204
:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate
accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control
content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type
cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since
last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after
server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`
  .trim()
  .split(/[|\n]/)
  .map((entry): Field => {
    const [name = '', value = ''] = entry.split('=');
    return [name, value];
  });

const sizeOf = ([name, value]: Field) => name.length + value.length + 32;

/** Encodes the blocks of one connection. */
export function encodeAll(maxTableSize: number, blocks: readonly PlannedBlock[]): Buffer[] {
  /** The newest entry first. */
  let entries: Field[] = [];
  let maxSize = maxTableSize;

  const shrink = () => {
    let sum = 0;
    entries = entries.filter((entry) => {
      sum += sizeOf(entry);
      return sum <= maxSize;
    });
  };
  const add = (entry: Field) => {
    entries = [entry, ...entries];
    shrink();
  };
  const indexesOf = (matches: (entry: Field) => boolean) =>
    [...staticTable, ...entries].flatMap((entry, place) => (matches(entry) ? [place + 1] : []));

  const encodeField = ({ field, form }: PlannedBlock['fields'][number]): Buffer => {
    const [name, value] = field;
    const { kind, choice, padding } = form;
    const same = indexesOf((entry) => entry[0] === name && entry[1] === value);
    const index = same[choice % same.length];
    if (kind === 'indexed' && index !== undefined) return integer(0x80, 7, index, padding);
    const named = indexesOf((entry) => entry[0] === name);
    const nameIndex = named[choice % (named.length + 1)] ?? 0;
    const written = [
      kind === 'plain' || kind === 'never'
        ? integer(kind === 'never' ? 0x10 : 0, 4, nameIndex, padding)
        : integer(0x40, 6, nameIndex, padding),
      ...(nameIndex === 0 ? [string(name, form.isNameHuffman, padding)] : []),
      string(value, form.isValueHuffman, padding),
    ];
    if (kind === 'indexed' || kind === 'incremental') add(field);
    return Buffer.concat(written);
  };

  return blocks.map(({ sizes, fields }) => {
    const updates = sizes.map((size) => {
      maxSize = size;
      shrink();
      return integer(0x20, 5, size, 0);
    });
    return Buffer.concat([...updates, ...fields.map(encodeField)]);
  });
}

/** An integer after the bits of a pattern (RFC 7541 section 5.1), of at most five bytes after the first one. */
export function integer(pattern: number, prefixBits: number, value: number, padding = 0): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([pattern + value]);
  const groups = [];
  for (let rest = BigInt(value - most); rest > 0n; rest >>= 7n) groups.push(Number(rest & 127n));
  if (groups.length === 0) groups.push(0);
  for (let more = 0; more < padding && groups.length < 5; more++) groups.push(0);
  return Buffer.from([
    pattern + most,
    ...groups.map((group, place) => (place < groups.length - 1 ? group + 128 : group)),
  ]);
}

/** A string literal (RFC 7541 section 5.2). */
export function string(text: string, isHuffman: boolean, padding = 0): Buffer {
  const plain = Buffer.from(text, 'latin1');
  const bytes = isHuffman ? encodeHuffman(plain) : plain;
  return Buffer.concat([integer(isHuffman ? 0x80 : 0, 7, bytes.length, padding), bytes]);
}

const anyText = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));
const usualText = fc.string({ minLength: 0, maxLength: 40 });
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...new Set(staticTable.map(([one]) => one))) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('te', 'grpc-timeout', 'x-request-id', 'traceparent', 'x-b3-traceid'),
  },
  { weight: 1, arbitrary: usualText },
  { weight: 1, arbitrary: anyText },
);
const value = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('', '/', 'GET', 'trailers', '200m', 'application/grpc', 'a'.repeat(150)),
  },
  { weight: 2, arbitrary: usualText },
  { weight: 1, arbitrary: anyText },
);
const field = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...staticTable) },
  { weight: 3, arbitrary: fc.tuple(name, value) },
);
const form = fc.record<Form>({
  kind: fc.constantFrom('indexed', 'indexed', 'incremental', 'plain', 'never'),
  isNameHuffman: fc.boolean(),
  isValueHuffman: fc.boolean(),
  choice: fc.nat(1_000),
  padding: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(4)),
});

/** A connection: the maximum size of the table of the decoder, and blocks. */
export const connections: fc.Arbitrary<{
  readonly maxTableSize: number;
  readonly blocks: readonly PlannedBlock[];
}> = fc.constantFrom(0, 31, 32, 100, 256, 1_024, 4_095, 4_096).chain((maxTableSize) =>
  fc.record({
    maxTableSize: fc.constant(maxTableSize),
    blocks: fc.array(
      fc.record({
        sizes: fc.oneof(
          { weight: 4, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.array(fc.nat(maxTableSize), { minLength: 1, maxLength: 2 }) },
        ),
        fields: fc.array(fc.record({ field, form }), { maxLength: 20 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
);
