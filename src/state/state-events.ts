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
  /** The connection is there, or was lost. */
  readonly statusChanged: (status: StateStatus) => void;
}
