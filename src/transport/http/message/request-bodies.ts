/**
 * Discards the bodies of checks. No decision reads a body, so a check is decided as soon as its headers have arrived. After a large
 * body the connection is closed, so that the proxy does not send another check on it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../runtime/time/clock.ts';

/** The largest body after which the connection stays open, in bytes. */
const maxShortBody = 64 * 1024;

/** Maximum number of bodies that are read at the same time, so that the headers of other checks do not wait. */
const maxReading = 8;

/** Maximum number of bodies that wait to be read, each with up to 64 KiB in memory. Further bodies are read immediately. */
const maxWaiting = 256;

/** The timeout of a body after the response to its check, in milliseconds. */
const bodyTimeout = 5_000;

/** The kind of a message's body. */
export type BodyKind = 'none' | 'short' | 'long';

/** Finds the kind of a message's body from its headers (RFC 9112 section 6.3). */
export function bodyOf({ rawHeaders }: IncomingMessage): BodyKind {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      const length = rawHeaders[index + 1];
      if (length === '0') return 'none';
      return Number(length) <= maxShortBody ? 'short' : 'long';
    }
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return 'long';
  }
  return 'none';
}

/** Discards bodies. */
export interface BodyDrain {
  /** Pauses a body until its check has a response. */
  readonly hold: (message: IncomingMessage) => void;
  /** Reads the rest of a message after the response was written, and then ends the response and its connection. */
  readonly drain: (message: IncomingMessage, response: ServerResponse) => void;
}

/** Creates a drain. */
export function createBodyDrain(clock: Clock): BodyDrain {
  const waiting: (() => boolean)[] = [];
  let reading = 0;
  const next = () => {
    while (reading < maxReading) {
      const begin = waiting.shift();
      if (begin === undefined) return;
      if (begin()) reading++;
    }
  };

  return {
    // After a manual read, Node does not read the rest when the response is written.
    hold: (message) => void message.read(0),
    drain: (message, response) => {
      if (message.destroyed) {
        response.end();
        return;
      }
      let hasEnded = false;
      let isReading = false;
      const end = () => {
        if (hasEnded) return;
        hasEnded = true;
        cancel();
        response.end();
        if (!isReading) return;
        reading--;
        next();
      };
      const cancel = clock.after(bodyTimeout, end);
      message.once('end', end);
      message.once('close', end);
      if (waiting.length >= maxWaiting) {
        message.on('data', ignore);
        return;
      }
      waiting.push(() => {
        if (hasEnded) return false;
        isReading = true;
        message.on('data', ignore);
        return true;
      });
      // Read after the headers that arrived in the same round of input.
      setImmediate(next);
    },
  };
}

/** A `data` listener that discards chunks. Without a listener, Node would buffer them. */
function ignore(): void {}
