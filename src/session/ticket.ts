/** The cookie of a session in the store: the ID of the session and the key of its record, sealed. */
import { recordKeyLength } from './record.ts';
import { isText } from './sealed-members.ts';

/** A ticket. */
export interface Ticket {
  /** The ID of the session. */
  readonly id: string;
  /** The key of its record, base64url. */
  readonly key: string;
  /** The only host that the ticket counts for; undefined if hosts share it. */
  readonly host: string | undefined;
  readonly policy: string;
}

/** The form of the sealed value. A value of another version is not a ticket. */
const version = 1;

/** Returns the value to seal. */
export function valueOfTicket({ id, key, host, policy }: Ticket): Readonly<Record<string, unknown>> {
  return { v: version, id, k: key, h: host, pol: policy };
}

/** Reads an opened value. @returns undefined if it does not have exactly the form of a ticket */
export function readTicket(value: unknown): Ticket | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, id, k, h, pol, ...others } = value as Readonly<Record<string, unknown>>;
  if (v !== version || Object.keys(others).length > 0) return undefined;
  if (!isText(id) || !isText(k) || typeof pol !== 'string' || (h !== undefined && !isText(h)))
    return undefined;
  if (Buffer.from(k, 'base64url').length !== recordKeyLength) return undefined;
  return { id, key: k, host: h, policy: pol };
}
