/** Writes header blocks in every form of RFC 7541: indexed, literal, with a dynamic table, with Huffman codes, resized. */
import type { Random } from '../../../../security/differential/random.ts';

/** A field, with one character per byte. */
export type Field = readonly [name: string, value: string];

/** The lengths of the Huffman codes of all bytes, in bits (RFC 7541 appendix B). The codes are canonical, so they follow. */
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/** The entries of the static table that requests use, by their index (RFC 7541 appendix A). */
const staticTable: readonly (readonly [index: number, name: string, value: string])[] = [
  [1, ':authority', ''],
  [2, ':method', 'GET'],
  [3, ':method', 'POST'],
  [4, ':path', '/'],
  [6, ':scheme', 'http'],
  [7, ':scheme', 'https'],
  [8, ':status', '200'],
  [16, 'accept-encoding', 'gzip, deflate'],
  [28, 'content-length', ''],
  [31, 'content-type', ''],
  [32, 'cookie', ''],
  [58, 'user-agent', ''],
];
const staticSize = 61;

/** Writes the blocks of one connection. */
export interface HeaderWriter {
  readonly write: (fields: readonly Field[]) => Buffer;
}

/** Creates a writer. It chooses the form of each field at random. */
export function createHeaderWriter(random: Random): HeaderWriter {
  const codes = huffmanCodes();
  const table: Field[] = [];
  let [size, limit] = [0, 4_096];
  const evict = (to: number) => {
    for (let last = table.at(-1); size > to && last !== undefined; last = table.at(-1)) {
      size -= entrySize(last);
      table.pop();
    }
  };
  const insert = (field: Field) => {
    evict(limit - entrySize(field));
    if (entrySize(field) > limit) return;
    table.unshift(field);
    size += entrySize(field);
  };
  const resize = () => {
    limit = random.pick([0, 64, 300, 2_000, 4_096]);
    evict(limit);
    return integer(limit, 5, 0x20);
  };
  const string = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    if (random.chance(0.4)) return [...integer(bytes.length, 7, 0), ...bytes];
    const coded = huffman(bytes, codes);
    return [...integer(coded.length, 7, 0x80), ...coded];
  };
  const inTable = (name: string) => {
    const position = table.findIndex(([one]) => one === name);
    return position < 0 ? 0 : position + staticSize + 1;
  };
  const write = (field: Field): number[] => {
    const [name, value] = field;
    const known = random.chance(0.85);
    const inStatic = staticTable.find(([, one, other]) => one === name && other === value);
    const position = table.findIndex(([one, other]) => one === name && other === value);
    if (known && position >= 0) return integer(staticSize + 1 + position, 7, 0x80);
    if (known && inStatic !== undefined) return integer(inStatic[0], 7, 0x80);
    const index = staticTable.find(([, one]) => one === name)?.[0] ?? inTable(name);
    const [bits, form] = random.pick([
      [6, 0x40],
      [6, 0x40],
      [4, 0],
      [4, 0x10],
    ] as const);
    const nameIndex = random.chance(0.9) ? index : 0;
    const bytes = [
      ...integer(nameIndex, bits, form),
      ...(nameIndex === 0 ? string(name) : []),
      ...string(value),
    ];
    if (form === 0x40) insert(field);
    return bytes;
  };
  return {
    write: (fields) => {
      const start = random.chance(0.05) ? resize() : [];
      return Buffer.from([...start, ...fields.flatMap(write)]);
    },
  };
}

/** An integer with a prefix of some bits (RFC 7541 section 5.1). */
export function integer(value: number, bits: number, form: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [form + value];
  const bytes = [form + most];
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(0x80 + (rest % 0x80));
  return [...bytes, rest];
}

function entrySize([name, value]: Field): number {
  return name.length + value.length + 32;
}

function huffmanCodes(): readonly string[] {
  const codes: string[] = [];
  const symbols = codeLengths
    .map((length, symbol) => ({ length, symbol }))
    .toSorted((a, b) => a.length - b.length || a.symbol - b.symbol);
  let [code, length] = [0, 0];
  for (const next of symbols) {
    code *= 2 ** (next.length - length);
    length = next.length;
    codes[next.symbol] = code.toString(2).padStart(length, '0');
    code++;
  }
  return codes;
}

function huffman(bytes: Buffer, codes: readonly string[]): number[] {
  const bits = Array.from(bytes, (byte) => codes[byte] ?? '').join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Array.from({ length: padded.length / 8 }, (_, index) =>
    Number.parseInt(padded.slice(index * 8, index * 8 + 8), 2),
  );
}
