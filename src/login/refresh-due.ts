/** Decides when a renewal is due. */
import type { Session } from '../session/session.ts';

/** When a renewal is due: `soon` while the session can still be used without one. */
export type Due = 'later' | 'soon' | 'now';

/** The part of the time between two renewals in which requests do not wait for a renewal, and its least length in seconds. */
const early = { share: 0.2, seconds: 60 };

/** The part of that time by which the early renewals of different sessions differ. */
const spread = 0.5;

/**
 * When a renewal is due.
 *
 * @param recheck `sessions.recheck`, in seconds.
 * @param now seconds since the epoch.
 * @param delay from 0 to 1. An early renewal begins later with it, so that sessions of the same age are not all renewed at once.
 */
export function dueOf({ tokensEndAt, renewedAt }: Session, recheck: number, now: number, delay = 0): Due {
  const end = Math.min(tokensEndAt ?? Number.POSITIVE_INFINITY, renewedAt + recheck);
  if (now >= end) return 'now';
  const time = end - renewedAt;
  // Tokens that live for a minute are not renewed at each request.
  const before = Math.min(Math.max(early.seconds, time * early.share), time / 2);
  return now >= end - before * (1 - spread * delay) ? 'soon' : 'later';
}

/** The delay of a session in a process: the same one at each request. @param ofProcess from 0 to 1 */
export function delayOf({ id }: Pick<Session, 'id'>, ofProcess: number): number {
  // The ID is random, and has 16 bytes.
  const ofSession = Buffer.from(id.padEnd(8, 'A'), 'base64url').readUInt32BE() / 2 ** 32;
  return (ofSession + ofProcess) % 1;
}
