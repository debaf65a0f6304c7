/** The streams of a connection, and their states (RFC 9113 section 5.1). */
import { forgetOldest } from '../../../runtime/forget-oldest.ts';
import type { ErrorCode } from './error-code.ts';
import type { FloodLimits } from './floods.ts';
import type { OpenStream } from './open-stream.ts';
import type { Output } from './output.ts';
import type { StreamHandler } from './stream.ts';
import { createStreamTable } from './stream-table.ts';

/** The most streams at once. Envoy 1.40 assumes 1,024 before it has read this number. */
export const maxConcurrentStreams = 4_096;

/** The number of the last resets that are kept at least, because frames of these streams may be on their way. */
const keptResets = 2 * maxConcurrentStreams;

/** The state of a stream that is not open: never used, reset by this side, or otherwise closed. */
export type ClosedState = 'idle' | 'reset' | 'closed';

/** The streams of a connection. */
export interface Streams<Call> {
  readonly find: (id: number) => OpenStream<Call> | undefined;
  readonly all: () => Iterable<OpenStream<Call>>;
  readonly count: () => number;
  /** The state of a stream that {@link find} does not find. */
  readonly stateOf: (id: number) => ClosedState;
  /** The highest stream that the client has used. */
  readonly highestId: () => number;
  /** Records that the client uses a stream, and with it all streams below. */
  readonly use: (id: number) => void;
  readonly add: (stream: OpenStream<Call>) => void;
  /** Forgets that a stream was reset: the client has sent everything. */
  readonly forget: (id: number) => void;
  /** Closes an open stream: both sides have sent everything, or the client has reset it. */
  readonly close: (stream: OpenStream<Call>) => void;
  /** Closes a stream, and tells the client. Does nothing if it is closed. */
  readonly reset: (stream: OpenStream<Call>, code: ErrorCode) => void;
  /**
   * Resets a stream for an error of the client. Does nothing if it is closed.
   *
   * @throws ConnectionError if the client causes too many
   */
  readonly fail: (stream: OpenStream<Call>, code: ErrorCode) => void;
  /**
   * Tells the client that a stream is closed which is not open.
   *
   * @param isComplete whether the client has sent everything
   * @throws ConnectionError if the client causes too many
   */
  readonly refuse: (id: number, code: ErrorCode, isComplete: boolean) => void;
  /** Closes all streams, without a word to the client. */
  readonly closeAll: () => void;
}

/** The dependencies of the streams. */
export interface StreamsDependencies<Call> {
  readonly output: Output;
  readonly floods: FloodLimits;
  readonly handler: StreamHandler<Call>;
  /** Called when a stream has closed, before the handler is. */
  readonly onClosed: (stream: OpenStream<Call>) => void;
}

/** Creates the streams of a connection: none. */
export function createStreams<Call>(dependencies: StreamsDependencies<Call>): Streams<Call> {
  const { output, floods, handler, onClosed } = dependencies;
  const open = createStreamTable<OpenStream<Call>>();
  const reset = new Map<number, true>();
  let highestId = 0;

  const remember = (id: number) => {
    reset.set(id, true);
    if (reset.size > 2 * keptResets) forgetOldest(reset, keptResets);
  };
  const close = (stream: OpenStream<Call>) => {
    stream.isClosed = true;
    open.remove(stream);
    onClosed(stream);
    if (stream.isOpened) handler.closed(stream);
  };
  const tell = (id: number, code: ErrorCode, isComplete: boolean) => {
    output.rstStream(id, code);
    if (!isComplete) remember(id);
  };
  const resetOpen = (stream: OpenStream<Call>, code: ErrorCode) => {
    if (stream.isClosed) return;
    tell(stream.id, code, stream.isRequestComplete);
    close(stream);
  };

  return {
    find: open.find,
    all: open.all,
    count: open.count,
    stateOf: (id) => {
      if (reset.has(id)) return 'reset';
      // The client opens only streams with odd identifiers, and this side opens none.
      return id > highestId || id % 2 === 0 ? 'idle' : 'closed';
    },
    highestId: () => highestId,
    use: (id) => {
      highestId = id;
    },
    add: open.add,
    forget: (id) => void reset.delete(id),
    close,
    reset: resetOpen,
    fail: (stream, code) => {
      floods.count('RST_STREAM');
      resetOpen(stream, code);
    },
    refuse: (id, code, isComplete) => {
      floods.count('RST_STREAM');
      tell(id, code, isComplete);
    },
    closeAll: () => {
      for (const stream of open.all()) close(stream);
    },
  };
}
