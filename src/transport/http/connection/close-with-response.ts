/** Ends a connection behind a last answer, so that its peer gets that answer whatever it was still sending. */
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';

/** Writes a last answer and ends the connection; what it does to one that is ending already is nothing. */
export type HangUp = (socket: Socket, answer: string) => void;

/** The most connections that are being told so at once, and how long that may take, in milliseconds. */
const maxEnding = 1_000;
const endingTime = 2_000;

/** Makes what ends connections. Beyond its bounds they end without an answer. */
export function createHangUp(clock: Clock): HangUp {
  const ending = new Set<Socket>();
  return (socket, answer) => {
    if (ending.has(socket)) return;
    socket.on('error', () => socket.destroy());
    if (ending.size >= maxEnding || !socket.writable) {
      socket.destroy();
      return;
    }
    ending.add(socket);
    const cancel = clock.after(endingTime, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      ending.delete(socket);
    });
    // What the peer sends meanwhile is read: a reset would take the answer away from it.
    socket.once('end', () => socket.destroy());
    socket.resume();
    socket.end(answer);
  };
}
