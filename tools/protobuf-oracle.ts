/** Reads a CheckRequest with Go's protocol buffers and Envoy's definitions. */
import { startLineProgram } from './line-program.ts';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** The content of a message, or why it is invalid. */
export interface OracleReading {
  readonly error?: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>> | null;
  /** `rawValue` in base64. */
  readonly headerMap: readonly {
    readonly key: string;
    readonly value: string;
    readonly rawValue: string | null;
  }[];
  readonly address: string;
  readonly principal: string;
  readonly certificate: string;
  readonly contextExtensions: Readonly<Record<string, string>> | null;
}

/** A running reader. */
export interface ProtobufOracle {
  readonly read: (message: Buffer) => Promise<OracleReading>;
  readonly stop: () => Promise<void>;
}

/** Builds the reader and returns its path. */
export function findProtobufOracle(): Promise<FoundProgram> {
  return ownGoProgram('protobuf-oracle');
}

/** Starts the reader. */
export function startProtobufOracle(path: string): ProtobufOracle {
  const { ask, stop } = startLineProgram(path);
  return { read: async (message) => JSON.parse(await ask(message.toString('hex'))), stop };
}
