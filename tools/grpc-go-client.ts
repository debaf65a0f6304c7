/** Calls a gRPC server with grpc-go, as a busy proxy does. */
import { execFile } from 'node:child_process';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** The calls to make. */
export interface GrpcGoInput {
  readonly address: string;
  /** The path of the method. */
  readonly method: string;
  readonly small: Buffer;
  readonly large: Buffer;
  readonly calls: number;
  readonly seed: number;
}

/** The results. */
export interface GrpcGoOutput {
  /** How often each status code ended a call that was whole, large, canceled, or had a short deadline. */
  readonly codes: Readonly<
    Record<'whole' | 'large' | 'canceled' | 'deadline', Readonly<Record<string, number>>>
  >;
  /** How often each response came, by its bytes in hexadecimal. */
  readonly responses: Readonly<Record<string, number>>;
  /** The connections that grpc-go opened. */
  readonly connections: number;
  /** The first status of a health Watch, and the code of its end. */
  readonly watched: readonly string[];
}

/** Builds the program and returns its path. */
export function findGrpcGoClient(): Promise<FoundProgram> {
  return ownGoProgram('grpc-go-client');
}

/** Makes the calls. */
export function callWithGrpcGo(path: string, input: GrpcGoInput): Promise<GrpcGoOutput> {
  return new Promise((resolve, reject) => {
    const child = execFile(path, { timeout: 120_000, maxBuffer: 2 ** 24 }, (error, stdout) =>
      error === null ? resolve(JSON.parse(stdout)) : reject(error),
    );
    child.stdin?.end(
      JSON.stringify({ ...input, small: input.small.toString('hex'), large: input.large.toString('hex') }),
    );
  });
}
