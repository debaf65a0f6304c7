/** Pauses the input of a connection: while the peer does not take the output, and for the turns of other connections. */
import type { Socket } from 'node:net';
import type { Output } from './output.ts';

/** The input of a connection. */
export interface InputTurns {
  /** Call it when bytes were read, and the output was flushed. */
  readonly read: (bytes: number) => void;
}

/**
 * The bytes that are read in one turn. The system may have megabytes of one connection, and would deliver them all before those
 * of others.
 */
const bytesInTurn = 64 * 1024;

/** Creates the turns of a socket. The `drain` of the socket ends a pause for the output. */
export function createInputTurns(socket: Socket, output: Pick<Output, 'isBackedUp'>): InputTurns {
  let bytesLeft = bytesInTurn;
  const begin = () => {
    bytesLeft = bytesInTurn;
    if (!output.isBackedUp()) socket.resume();
  };
  return {
    read: (bytes) => {
      bytesLeft -= bytes;
      if (output.isBackedUp()) return void socket.pause();
      if (bytesLeft > 0) return;
      socket.pause();
      setImmediate(begin);
    },
  };
}
