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
   * Records the output that waits in the socket. If a connection must free memory, and most of its memory is such output, the
   * connection ends: nothing else frees this memory.
   */
  readonly sweep: () => void;
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
  /** The bytes that wait in the socket. */
  readonly unwritten: () => number;
}

/** Creates the memory of a connection. */
export function createHeldMemory({
  connection,
  memory,
  reject,
  unwritten,
}: HeldMemoryDependencies): HeldMemory {
  let ofCalls = 0;
  let ofOutput = 0;
  /** The call with the most memory that can end, which is not always the one that exceeds the limit. */
  const largest = () => {
    let found: CallStream | undefined;
    for (const stream of connection().streams())
      if (canEnd(stream) && stream.call.heldBytes > (found?.call.heldBytes ?? 0)) found = stream;
    return found;
  };
  const share = memory.open(() => {
    // The peer may have taken output since the last sweep.
    if (unwritten() < ofOutput) {
      holdOutput(unwritten());
      return true;
    }
    // Envoy's connection has the calls of all its clients, so their memory is freed call by call.
    if (ofOutput > ofCalls) {
      holdOutput(0);
      connection().destroy();
      return true;
    }
    const stream = largest();
    if (stream === undefined) return false;
    if (stream.call.state === 'answered') connection().reset(stream, errorCode.cancel);
    else reject(stream);
    return true;
  });
  const holdOutput = (bytes: number) => {
    const more = bytes - ofOutput;
    if (more === 0) return;
    ofOutput = bytes;
    share.add(more);
  };
  return {
    hold: (call, bytes) => {
      const more = bytes - call.heldBytes;
      if (more === 0) return;
      call.heldBytes = bytes;
      ofCalls += more;
      share.add(more);
    },
    sweep: () => holdOutput(unwritten()),
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
