/** The memory of the calls of one connection: requests that are not served yet, and responses that the client does not take. */
import type { Call, CallStream } from '../call/call.ts';
import type { Http2Connection } from '../http2/connection.ts';
import { errorCode } from '../http2/error-code.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** The memory of the calls of a connection. */
export interface HeldMemory {
  /** Records the memory of a call, in bytes. Ends calls of this connection, or of another one, if it is too much. */
  readonly hold: (call: Call, bytes: number) => void;
  /** Frees everything. */
  readonly close: () => void;
}

/** The dependencies of the memory of a connection. */
export interface HeldMemoryDependencies {
  readonly connection: () => Pick<Http2Connection<Call>, 'streams' | 'reset'>;
  /** The memory of all connections. */
  readonly memory: MemoryBudget;
  /** Responds to a request that is not served yet that it is overloaded. */
  readonly reject: (stream: CallStream) => void;
}

/** Creates the memory of a connection. */
export function createHeldMemory({ connection, memory, reject }: HeldMemoryDependencies): HeldMemory {
  /** The call with the most memory that can end, which is not always the one that exceeds the limit. */
  const largest = () => {
    let found: CallStream | undefined;
    for (const stream of connection().streams())
      if (canEnd(stream) && stream.call.heldBytes > (found?.call.heldBytes ?? 0)) found = stream;
    return found;
  };
  const share = memory.open(() => {
    const stream = largest();
    if (stream === undefined) return false;
    if (stream.call.state === 'answered') connection().reset(stream, errorCode.cancel);
    else reject(stream);
    return true;
  });
  return {
    hold: (call, bytes) => {
      const more = bytes - call.heldBytes;
      if (more === 0) return;
      call.heldBytes = bytes;
      share.add(more);
    },
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
