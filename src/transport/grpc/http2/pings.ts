/** The PING frames of this side (RFC 9113 section 6.7). */
import { frameType } from './frame.ts';
import type { Output } from './output.ts';

/** Sends PING frames, and waits for their acknowledgement. */
export interface Pings {
  readonly send: (onAcknowledged: () => void) => void;
  /** Reads the payload of an acknowledgement. Ignores those of no PING. */
  readonly acknowledged: (payload: Buffer) => void;
}

const payloadBytes = 8;

/** Creates the PING frames of a connection. */
export function createPings(output: Output): Pings {
  const waiting = new Map<bigint, () => void>();
  let sent = 0n;
  return {
    send: (onAcknowledged) => {
      const payload = Buffer.alloc(payloadBytes);
      payload.writeBigUInt64BE(++sent);
      waiting.set(sent, onAcknowledged);
      output.frame(frameType.ping, 0, 0, payload);
    },
    acknowledged: (payload) => {
      const number = payload.readBigUInt64BE();
      const onAcknowledged = waiting.get(number);
      waiting.delete(number);
      onAcknowledged?.();
    },
  };
}
