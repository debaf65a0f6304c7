/** Reads the body of `POST /revocations`. */
import type { Config } from '../../config/declare/options.ts';
import { type DenyListEntry, readDenyListEntry } from '../../config/load/deny-list.ts';
import { durationPattern, formatDuration, parseDuration } from '../../config/values/units.ts';
import { defaultLife, longestLife, shortestLife } from './life.ts';

/** A request to revoke. */
export interface RevokeRequest {
  readonly entry: DenyListEntry;
  readonly note: string | undefined;
  /** In milliseconds. */
  readonly life: number;
}

/** A request that is wrong. Its message says what to do. */
export class InvalidRevocation extends Error {}

/** The longest note, in characters. */
const longestNote = 200;

/** The end of the year 9999, in seconds since the epoch. A later time is one in milliseconds. */
const latestTime = 253_402_300_799;

/**
 * Reads a request: an entry as in the file of the deny list, with `for`, its life. `issuer` is the exact `iss` or the name of a configured
 * issuer, and `issuedBefore` can be `now`.
 *
 * @param now seconds since the epoch
 * @throws InvalidRevocation
 */
export function readRevokeRequest(body: unknown, config: Config, now: number): RevokeRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidRevocation(
      'the body must be the JSON of one entry, such as {"issuer": "https://…", "jti": "4f1c2b"}',
    );
  const { for: life, ...written } = body as Readonly<Record<string, unknown>>;
  // Tokens and sessions have the time in seconds. Those of the current second count as issued before.
  const issuedBefore = written.issuedBefore === 'now' ? { issuedBefore: Math.floor(now) + 1 } : {};
  const read = readDenyListEntry({ ...written, ...issuedBefore });
  if ('problem' in read) throw new InvalidRevocation(read.problem);
  const { entry, note } = read;
  if (note !== undefined && note.length > longestNote)
    throw new InvalidRevocation(`note: must have at most ${longestNote} characters`);
  if (entry.issuedBefore !== undefined && entry.issuedBefore > latestTime)
    throw new InvalidRevocation(
      'issuedBefore: must be in seconds since 1970, or a time such as 2026-11-24T12:00:00Z',
    );
  return { entry: { ...entry, issuer: issuerOf(entry.issuer, config) }, note, life: lifeOf(life, config) };
}

/** An entry of another issuer would have no effect, and its operator would not notice. */
function issuerOf(written: string, { issuers }: Config): string {
  const found =
    issuers.find(({ issuer }) => issuer === written) ?? issuers.find(({ name }) => name === written);
  if (found !== undefined) return found.issuer;
  const known = issuers.map(({ name, issuer }) => `${name} (${issuer})`).join(', ');
  throw new InvalidRevocation(`issuer: is not a configured issuer; use the exact iss or the name: ${known}`);
}

function lifeOf(written: unknown, config: Config): number {
  if (written === undefined) return defaultLife(config);
  const life =
    typeof written === 'string' && durationPattern.test(written) ? parseDuration(written) : undefined;
  if (life === undefined || life < shortestLife || life > longestLife)
    throw new InvalidRevocation(
      `for: must be a duration such as 24h, from ${formatDuration(shortestLife)} to ${formatDuration(longestLife)}`,
    );
  return life;
}
