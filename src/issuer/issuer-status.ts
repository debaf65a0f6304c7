/** The status of an issuer, for `/readyz`, logs and metrics. */
import type { UnusedKey } from './keys/unused-keys.ts';

/**
 * The state of an issuer: `waiting` for its first keys; `ready`; `stale` if its last refresh failed; `unavailable` if
 * its keys are older than `keys.maxStale`.
 */
export type IssuerState = 'waiting' | 'ready' | 'stale' | 'unavailable';

/** The status of an issuer, for `/readyz`, logs and metrics. */
export interface IssuerStatus {
  readonly name: string;
  readonly issuer: string;
  readonly state: IssuerState;
  /** Usable keys, each counted once. */
  readonly keys: number;
  /** The keys of the last published set that are not used. */
  readonly unused: readonly UnusedKey[];
  /** Seconds since the keys were last loaded; undefined if never. */
  readonly keysAge: number | undefined;
  /** Why the last fetch failed, or why a later one will fail; undefined without a problem. */
  readonly problem: string | undefined;
  /** When the problem began, in milliseconds since the epoch; undefined without a problem. */
  readonly problemSince: number | undefined;
  /** Whether its discovery document names the key set on another host than before, which is rejected until a reload. */
  readonly hasMoved: boolean;
}
