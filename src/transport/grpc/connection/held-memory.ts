/** The memory of one connection: requests that are not served yet, and output that its peer does not take. */
import type { Call, CallStream } from '../call/call.ts';
import type { Http2Connection } from '../http2/connection.ts';
import { errorCode } from '../http2/error-code.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** The memory of the calls of a connection. */
export interface HeldMemory {
  /** Records the memory of a call, in bytes. Ends calls of this connection, or of another one, if it is too much. */
  readonly hold: (call: Call, bytes: number) => void;
  /**
   * Records the output that waits in the socket, in bytes. If it is too much for all connections, the connection with the most
   * memory ends: nothing else frees this memory.
   */
  readonly holdUnwritten: (bytes: number) => void;
  /** Frees everything. */
  readonly close: () => void;
}

/** The dependencies of the memory of a connection. */
export interface HeldMemoryDependencies {
  readonly connection: () => Pick<Http2Connection<Call>, 'streams' | 'reset' | 'destroy'>;
  /** The memory of all connections. */
  readonly memory: MemoryBudget;
  /** Responds to a request that is not served yet that it is overloaded. */
  readonly reject: (stream: CallStream) => void;
}

/** Creates the memory of a connection. */
export function createHeldMemory({ connection, memory, reject }: HeldMemoryDependencies): HeldMemory {
  let unwritten = 0;
  /** The call with the most memory that can end, which is not always the one that exceeds the limit. */
  const largest = () => {
    let found: CallStream | undefined;
    for (const stream of connection().streams())
      if (canEnd(stream) && stream.call.heldBytes > (found?.call.heldBytes ?? 0)) found = stream;
    return found;
  };
  const share = memory.open(() => {
    const stream = largest();
    if (unwritten > (stream?.call.heldBytes ?? 0)) {
      holdUnwritten(0);
      connection().destroy();
      return true;
    }
    if (stream === undefined) return false;
    if (stream.call.state === 'answered') connection().reset(stream, errorCode.cancel);
    else reject(stream);
    return true;
  });
  const holdUnwritten = (bytes: number) => {
    const more = bytes - unwritten;
    if (more === 0) return;
    unwritten = bytes;
    share.add(more);
  };
  return {
    hold: (call, bytes) => {
      const more = bytes - call.heldBytes;
      if (more === 0) return;
      call.heldBytes = bytes;
      share.add(more);
    },
    holdUnwritten,
    close: share.close,
  };
}

/** Whether a call can end early. A request that its method serves waits for its decision. */
function canEnd({ call, isRequestComplete }: CallStream): boolean {
  switch (call.state) {
    case 'reading':
      return !isRequestComplete;
    case 'serving':
      return false;
    default:
      return true;
  }
}
