/** The events of the store, for metrics and logs. */
import type { StateFailure, StateStatus } from './state-store.ts';

/** An operation of the store, as the metric names it. */
export type StateOperation =
  | 'get'
  | 'set'
  | 'extend'
  | 'remove'
  | 'remove_if'
  | 'add_member'
  | 'remove_member'
  | 'members'
  | 'feed_add'
  | 'feed_read';

/** Receives the events. */
export interface StateEvents {
  readonly operation: (operation: StateOperation, result: 'success' | StateFailure, seconds: number) => void;
  /** The state of the connection changed, or the reason why there is none. */
  readonly statusChanged: (status: StateStatus) => void;
  /** An attempt to connect has ended. A process has one connection for operations, and one for feeds if it follows any. */
  readonly connected: (isSuccess: boolean) => void;
  /** The server deletes keys if its memory is full. Said once, if the user may ask. @param policy `maxmemory-policy` */
  readonly evicts: (policy: string) => void;
  /** A receiver of a feed threw an error. */
  readonly defect: (error: unknown) => void;
}
