/** The metrics of the store that processes share. They exist only with `state`. */

/** The metrics by name, without the prefix. */
export const stateMetricDefinitions = {
  store_up: {
    type: 'gauge',
    labels: [],
    help: '1 if every process is connected to the store (`state`), otherwise 0. Absent without `state`.',
  },
  store_operations_seconds: {
    type: 'histogram',
    labels: ['operation', 'result'],
    help: 'Time of operations of the store, in seconds, by operation and result. `feed_read` includes the wait for new entries.',
  },
  store_connections_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Attempts to connect to the store, by `result`: `success` or `failure`. A process has one connection, and one more if it follows feeds.',
  },
  store_writes_waiting: {
    type: 'gauge',
    labels: ['kind'],
    help: 'Writes of sessions that wait for the store, by kind. They are tried again in the background. Absent without `state` and `login`.',
  },
  session_ends_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Seconds since this process last knew every session that other processes had ended. Absent without `state` and `login`, and until the first time.',
  },
} as const;

/** The values of `kind` of `store_writes_waiting`. */
export const waitingWrites = {
  end: 'Other processes do not know yet that a session has ended, or that the sessions of a person have.',
  removal:
    'The session has ended, and its record is still in the store. Cached sessions of other processes end by the entry of kind `end`.',
  renewal:
    'The issuer has given new tokens, and the store has the old ones. If the process ends before the write, the person signs in again.',
} as const;

/** The values of `result` of `store_operations_seconds`. */
export const operationResults = {
  success: 'The store answered.',
  away: 'There is no connection, or it was lost. The operation may have taken effect if it was sent.',
  timeout: 'No answer within `state.valkey.timeout`. The operation may still take effect.',
  full: 'The store refuses writes, because its memory or its disk is full. Reads still work.',
  rejected: 'The store rejects the user, the password or the command.',
} as const;
