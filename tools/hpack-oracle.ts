/** Decodes and encodes header blocks with Go's HPACK. */
import { startLineProgram } from './line-program.ts';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** A name and a value, with one character per byte. */
type NameAndValue = readonly [name: string, value: string];

/** The fields of each block of a connection, up to the first invalid block. */
export interface OracleBlocks {
  readonly blocks: readonly (readonly NameAndValue[])[];
  /** Why the next block is invalid. */
  readonly error?: string;
}

/** A block for the encoder. */
export interface OracleList {
  /** The maximum sizes that the decoder has allowed since the last block, in bytes. */
  readonly sizes: readonly number[];
  readonly fields: readonly NameAndValue[];
}

/** A running program. */
export interface HpackOracle {
  readonly decode: (maxTableSize: number, blocks: readonly Uint8Array[]) => Promise<OracleBlocks>;
  /** Encodes the blocks of a connection. */
  readonly encode: (lists: readonly OracleList[]) => Promise<readonly Buffer[]>;
  readonly stop: () => Promise<void>;
}

/** Builds the program and returns its path. */
export function findHpackOracle(): Promise<FoundProgram> {
  return ownGoProgram('hpack-oracle');
}

/** Starts the program. */
export function startHpackOracle(path: string): HpackOracle {
  const decoder = startLineProgram(path);
  const encoder = startLineProgram(path, ['encode']);
  return {
    decode: async (maxTableSize, blocks) => {
      const { blocks: decoded, ...rest } = JSON.parse(
        await decoder.ask(connectionLine(maxTableSize, blocks)),
      );
      return { blocks: decoded.map((fields: NameAndValue[]) => fields.map(fromBase64)), ...rest };
    },
    encode: async (lists) => {
      const asked = lists.map(({ sizes, fields }) => ({ sizes, fields: fields.map(toBase64) }));
      const blocks: string[] = JSON.parse(await encoder.ask(JSON.stringify(asked)));
      return blocks.map((block) => Buffer.from(block, 'base64'));
    },
    stop: async () => {
      await Promise.all([decoder.stop(), encoder.stop()]);
    },
  };
}

/** A connection as the program reads it. */
function connectionLine(maxTableSize: number, blocks: readonly Uint8Array[]): string {
  return [maxTableSize, ...blocks.map((block) => Buffer.from(block).toString('hex'))].join(' ');
}

const decoded = (text: string) => Buffer.from(text, 'base64').toString('latin1');
const encoded = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const fromBase64 = ([name, value]: NameAndValue): NameAndValue => [decoded(name), decoded(value)];
const toBase64 = ([name, value]: NameAndValue): NameAndValue => [encoded(name), encoded(value)];

/**
 * Measures how long Go takes for the blocks of a connection.
 *
 * @param times how often the connection is decoded
 * @returns the CPU time of one block, in nanoseconds
 */
export async function measureHpackOracle(
  path: string,
  { maxTableSize, blocks, times }: { maxTableSize: number; blocks: readonly Uint8Array[]; times: number },
): Promise<number> {
  const program = startLineProgram(path, ['measure', String(times)]);
  const answer = await program.ask(connectionLine(maxTableSize, blocks));
  await program.stop();
  return Number(answer);
}
