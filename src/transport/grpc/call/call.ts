/** A gRPC call on a stream, as one flat record: most calls are answered before anything else is made for them. */
import type { Clock } from '../../../runtime/time/clock.ts';
import type { Stream } from '../http2/stream.ts';
import type { MessageReader } from '../message/framing.ts';
import { readTimeout } from './grpc-over-http2.ts';
import type { Method } from './method.ts';

/**
 * The state of a call. Its request is incomplete, or is being decompressed. Its response is being made. Or the final response
 * was sent, as far as the windows of the client allow.
 */
export type CallState = 'reading' | 'inflating' | 'serving' | 'answered';

/** A call. */
export interface Call {
  /** Undefined if it is unknown. */
  readonly method: Method | undefined;
  /** When the call began, on the monotonic clock, in milliseconds. */
  readonly openedAt: number;
  /** Reads a request that arrives in pieces, is compressed or is large. */
  reader: MessageReader | undefined;
  state: CallState;
  /** The memory of the request that is not served yet, or of the response that the client does not take, in bytes. */
  heldBytes: number;
  /** The sweeps since the call began. */
  sweeps: number;
  /** The sweeps in a row without new bytes of the request. */
  quietSweeps: number;
  /** The sweeps since the final response. */
  unreadSweeps: number;
  /** Ends what a streaming method began, or removes a message that waits to be decompressed. */
  stop: (() => void) | undefined;
}

/** The stream of a call. */
export type CallStream = Stream<Call>;

/** Begins a call. */
export function beginCall(method: Method | undefined, openedAt: number): Call {
  return {
    method,
    openedAt,
    reader: undefined,
    state: 'reading',
    heldBytes: 0,
    sweeps: 0,
    quietSweeps: 0,
    unreadSweeps: 0,
    stop: undefined,
  };
}

/** Whether the method of a call still waits for its request. */
export function isUnserved({ state }: Call): boolean {
  return state === 'reading' || state === 'inflating';
}

/** The part of the client's timeout that is reserved for sending the response: 10 %, at least 25 ms, at most half. */
const reserve = { part: 0.1, least: 25, most: 0.5 } as const;

/** Milliseconds until the timeout of the client, less a reserve for the response; undefined without a timeout. */
export function timeLeft({ head, call }: CallStream, clock: Clock): number | undefined {
  const timeout = readTimeout(head.timeout);
  if (timeout === undefined) return undefined;
  const reserved = Math.min(timeout * reserve.most, Math.max(timeout * reserve.part, reserve.least));
  return call.openedAt + timeout - reserved - clock.monotonic();
}
