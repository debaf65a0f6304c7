/** Reads the frames that carry no part of a request (RFC 9113 sections 6.3 to 6.9). */
import { ConnectionError } from './connection-error.ts';
import { type ErrorCode, errorCode } from './error-code.ts';
import type { FloodLimits } from './floods.ts';
import { frameFlag, frameType, readUint31 } from './frame.ts';
import type { OnFrame } from './frame-reader.ts';
import type { Output } from './output.ts';
import type { Responses } from './responses.ts';
import { readSettings } from './settings.ts';
import type { Streams } from './streams.ts';

/** The dependencies of the reader. */
export interface ControlFramesDependencies<Call> {
  readonly streams: Streams<Call>;
  readonly responses: Responses<Call>;
  readonly output: Output;
  readonly floods: FloodLimits;
  /** Called with the payload of an acknowledged PING. */
  readonly onPingAcknowledged: (payload: Buffer) => void;
}

/** The sizes of payloads, in bytes. */
const priorityBytes = 5;
const numberBytes = 4;
const pingBytes = 8;
const goAwayBytes = 8;

/** Creates the reader of a connection. */
export function createControlFrames<Call>(dependencies: ControlFramesDependencies<Call>): OnFrame {
  const { streams, responses, output, floods, onPingAcknowledged } = dependencies;

  /** Fails a stream, or the connection if the stream is idle: an idle one cannot be reset (RFC 9113 section 6.4). */
  const failStream = (id: number, code: ErrorCode, detail: string) => {
    const stream = streams.find(id);
    if (stream !== undefined) return streams.fail(stream, code);
    const state = streams.stateOf(id);
    if (state === 'idle') throw new ConnectionError(code, `${detail} of the idle stream ${id}`);
    if (state === 'closed') streams.refuse(id, code, true);
  };
  const readPriority = (id: number, bytes: Buffer, start: number, end: number) => {
    floods.count('PRIORITY and unknown');
    const size = end - start;
    if (size !== priorityBytes) failStream(id, errorCode.frameSizeError, `PRIORITY of ${size} bytes`);
    // RFC 9113 ignores priorities; this is what RFC 7540 section 5.3.1 requires in addition.
    else if (readUint31(bytes, start) === id)
      failStream(id, errorCode.protocolError, 'PRIORITY that depends on itself');
  };
  const readReset = (id: number, start: number, end: number) => {
    floods.count('RST_STREAM');
    requireSize('RST_STREAM', end - start, numberBytes);
    const stream = streams.find(id);
    if (stream !== undefined) streams.close(stream);
    else if (streams.stateOf(id) === 'idle')
      throw new ConnectionError(errorCode.protocolError, `RST_STREAM of the idle stream ${id}`);
    else streams.forget(id);
  };
  const readPeerSettings = (flags: number, bytes: Buffer, start: number, end: number) => {
    floods.count('SETTINGS');
    if (flags & frameFlag.ack) return requireSize('SETTINGS with ACK', end - start, 0);
    const settings = readSettings(bytes, start, end);
    // Everything that the client sees after the acknowledgement must obey its settings.
    output.frame(frameType.settings, frameFlag.ack, 0, nothing);
    responses.applySettings(settings, streams.all());
  };
  const readPing = (flags: number, bytes: Buffer, start: number, end: number) => {
    floods.count('PING');
    requireSize('PING', end - start, pingBytes);
    const payload = bytes.subarray(start, end);
    if (flags & frameFlag.ack) onPingAcknowledged(payload);
    else output.frame(frameType.ping, frameFlag.ack, 0, payload);
  };
  const readGoAway = (start: number, end: number) => {
    floods.count('PRIORITY and unknown');
    if (end - start < goAwayBytes)
      throw new ConnectionError(errorCode.frameSizeError, `GOAWAY of ${end - start} bytes`);
  };
  const readWindowUpdate = (id: number, bytes: Buffer, start: number, end: number) => {
    floods.count('WINDOW_UPDATE');
    requireSize('WINDOW_UPDATE', end - start, numberBytes);
    const increment = readUint31(bytes, start);
    if (id === 0) {
      if (increment === 0)
        throw new ConnectionError(errorCode.protocolError, 'WINDOW_UPDATE of 0 for the connection');
      return responses.openConnectionWindow(increment);
    }
    const stream = streams.find(id);
    if (stream === undefined) {
      if (streams.stateOf(id) === 'idle')
        throw new ConnectionError(errorCode.protocolError, `WINDOW_UPDATE of the idle stream ${id}`);
    } else if (increment === 0) streams.fail(stream, errorCode.protocolError);
    else if (!responses.openStreamWindow(stream, increment)) streams.fail(stream, errorCode.flowControlError);
  };

  return (type, flags, id, bytes, start, end) => {
    switch (type) {
      case frameType.priority:
        return readPriority(id, bytes, start, end);
      case frameType.rstStream:
        return readReset(id, start, end);
      case frameType.settings:
        return readPeerSettings(flags, bytes, start, end);
      case frameType.ping:
        return readPing(flags, bytes, start, end);
      case frameType.goAway:
        return readGoAway(start, end);
      case frameType.windowUpdate:
        return readWindowUpdate(id, bytes, start, end);
      default:
        throw new ConnectionError(errorCode.protocolError, 'PUSH_PROMISE from a client');
    }
  };
}

const nothing = Buffer.alloc(0);

function requireSize(name: string, size: number, expected: number): void {
  if (size !== expected) throw new ConnectionError(errorCode.frameSizeError, `${name} of ${size} bytes`);
}
