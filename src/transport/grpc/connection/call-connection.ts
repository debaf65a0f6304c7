/** A connection of a peer that makes gRPC calls, and its limits. */
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import type { OnRejected } from '../../shared/rejections.ts';
import type { Call } from '../call/call.ts';
import { createCallHandler } from '../call/call-handler.ts';
import type { Method, ResponseStream } from '../call/method.ts';
import { createStreamBudget } from '../call/response-stream.ts';
import { createHttp2Connection } from '../http2/connection.ts';
import type { StreamHandler } from '../http2/stream.ts';
import type { MessageLimits } from '../message/framing.ts';
import type { Inflater } from '../message/inflater.ts';
import { reportEnded } from './connection-end.ts';
import { createHeldMemory } from './held-memory.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { createPeer } from './silent-peer.ts';
import { createStalledCalls } from './stalled-calls.ts';

/** A connection. */
export interface CallConnection {
  /** When it was accepted, on the monotonic clock, in milliseconds. */
  readonly openedAt: number;
  /** Asks the peer to make its next calls on another connection. Those on their way still get a response. */
  readonly goAway: () => void;
  /** Refuses new calls, ends the streaming ones, and ends the connection after the others. */
  readonly close: () => void;
  /** Enforces the limits of time. Call it every `sweepInterval`. */
  readonly sweep: () => void;
}

/** The dependencies of a connection. */
export interface CallConnectionDependencies {
  readonly socket: Socket;
  /** The methods by path, such as `/grpc.health.v1.Health/Check`. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: MessageLimits;
  readonly clock: Clock;
  /** The memory of all connections. */
  readonly memory: MemoryBudget;
  /** The compressed messages of all connections. */
  readonly inflater: Inflater;
  /** The open streaming calls of all connections. */
  readonly openStreams: Set<ResponseStream>;
  /** Called when the first call begins. */
  readonly onBusy: () => void;
  /** Called when the last call has ended. */
  readonly onIdle: () => void;
  /** Called if this side ended the connection: for another protocol, a flood or an error. */
  readonly onRejected: OnRejected;
  /** Called once, when the connection has ended. */
  readonly onClosed: () => void;
}

/** The bytes that show which protocol a peer uses. */
const firstBytesLength = 64;

/** Serves the calls of a connection that was just accepted. */
export function createCallConnection({
  socket,
  methods,
  limits,
  clock,
  memory,
  inflater,
  openStreams,
  onBusy,
  onIdle,
  onRejected,
  onClosed,
}: CallConnectionDependencies): CallConnection {
  let openCalls = 0;
  let firstBytes: Buffer | undefined;
  const streams = createStreamBudget(openStreams);
  const held = createHeldMemory({
    connection: () => connection,
    memory,
    reject: (stream) => calls.reject(stream),
    unwritten: () => socket.writableLength,
  });
  const calls = createCallHandler({
    connection: () => connection,
    methods,
    limits,
    clock,
    streams,
    inflations: inflater.open(),
    onProgress: (call, bytes) => {
      stalled.progressed(call);
      held.hold(call, bytes);
    },
    onHeld: held.hold,
  });
  const handler: StreamHandler<Call> = {
    opened: (stream) => {
      if (openCalls++ === 0) onBusy();
      return calls.opened(stream);
    },
    data: calls.data,
    closed: (stream) => {
      calls.closed(stream);
      if (--openCalls === 0) onIdle();
    },
  };
  socket.once('data', (bytes: Buffer) => {
    firstBytes = Buffer.from(bytes.subarray(0, firstBytesLength));
  });
  const connection = createHttp2Connection({
    socket,
    handler,
    clock,
    onClosed: (error) => {
      held.close();
      if (error !== undefined) reportEnded(error, connection.hasBegun() ? undefined : firstBytes, onRejected);
      onClosed();
    },
  });
  const peer = createPeer({ connection, unwritten: () => socket.writableLength, clock });
  const stalled = createStalledCalls({
    connection,
    clock,
    reject: calls.reject,
    hold: held.hold,
    onUnread: peer.doubt,
  });
  return {
    openedAt: clock.monotonic(),
    goAway: connection.goAway,
    close: () => {
      streams.close();
      connection.close();
    },
    sweep: () => {
      held.sweep();
      stalled.sweep();
      peer.sweep();
    },
  };
}
