/**
 * Bodies of checks. No decision reads one, so it is thrown away as it comes; its check is answered as soon as its head is there. The answer
 * to a large one closes the connection behind it, so that the proxy does not send another check after a body that is still under way.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../runtime/time/clock.ts';

/** The largest body behind which the connection stays open, in bytes. */
const maxShortBody = 64 * 1024;

/** The most bodies that are read at once, so that heads of others are not kept waiting. */
const maxReading = 8;

/** The most bodies that wait to be read, each with up to 64 KiB of it; beyond them nothing waits. */
const maxWaiting = 256;

/** How long a body may take after its check was answered, in milliseconds. */
const bodyTimeout = 5_000;

/** What follows the head of a message (RFC 9112 section 6.3). */
export type BodyKind = 'none' | 'short' | 'long';

/** Finds what follows the head of a message. */
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

/** Throws bodies away. */
export interface BodyDrain {
  /** Keeps a body from being read before its check is answered. */
  readonly hold: (message: IncomingMessage) => void;
  /** Reads the rest of a message whose check was answered, and then ends the response and its connection. */
  readonly drain: (message: IncomingMessage, response: ServerResponse) => void;
}

/** Makes a drain. */
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
    // What was read once by hand is not read to its end by the library when the answer is written.
    hold: (message) => void message.read(0),
    drain: (message, response) => {
      if (message.destroyed) {
        response.end();
        return;
      }
      let isOver = false;
      let isReading = false;
      const over = () => {
        if (isOver) return;
        isOver = true;
        cancel();
        response.end();
        if (!isReading) return;
        reading--;
        next();
      };
      const cancel = clock.after(bodyTimeout, over);
      message.once('end', over);
      message.once('close', over);
      if (waiting.length >= maxWaiting) {
        message.on('data', ignore);
        return;
      }
      waiting.push(() => {
        if (isOver) return false;
        isReading = true;
        message.on('data', ignore);
        return true;
      });
      // Behind the heads that have arrived with this one.
      setImmediate(next);
    },
  };
}

/** A listener takes each piece as it comes; without one, each would be put into a queue first. */
function ignore(): void {}
