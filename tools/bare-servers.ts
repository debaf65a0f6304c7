/** Bare Go servers, which benchmarks compare this service with. */
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** The kinds of servers. `grpc` decodes and encodes its messages, `grpc-prepared` does not. */
export type BareGoServer = 'http' | 'grpc' | 'grpc-prepared';

/** Builds the program and returns its path. */
export function findBareGoServers(): Promise<FoundProgram> {
  return ownGoProgram('bare-servers');
}
