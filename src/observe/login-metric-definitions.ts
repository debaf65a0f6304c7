/** The metrics of logins and sessions. */

/** The metrics by name, without the prefix. */
export const loginMetricDefinitions = {
  logins_started_total: {
    type: 'counter',
    labels: ['issuer'],
    help: 'Logins that were started, by the name of the issuer.',
  },
  logins_finished_total: {
    type: 'counter',
    labels: ['issuer', 'result'],
    help: 'Logins that ended, by result. A login that the person gives up has no end, and an answer of an issuer that belongs to no login is not counted here.',
  },
  login_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Time from the start of a login to its success, in seconds. It includes the time that the person spends at the issuer.',
  },
  session_hand_overs_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Steps of hand-overs of sessions from the central host (`login.host`) to other hosts, by result.',
  },
  session_lookups_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Requests that looked for a session, by result.',
  },
  session_refreshes_total: {
    type: 'counter',
    labels: ['issuer', 'result'],
    help: 'Refreshes of the tokens of a session, by result.',
  },
  sessions_ended_total: {
    type: 'counter',
    labels: ['cause'],
    help: 'Sessions that this service ended or found to have ended, by cause. A session that is never used again does not count.',
  },
  logout_tokens_total: {
    type: 'counter',
    labels: ['issuer', 'result'],
    help: 'Logout tokens that issuers sent (`sessions.backChannelLogout`), by result.',
  },
  front_channel_logouts_total: {
    type: 'counter',
    labels: ['issuer', 'result'],
    help: 'Requests of frames that end a session (`sessions.frontChannelLogout`), by result.',
  },
  session_ends_lost_total: {
    type: 'counter',
    labels: ['cause'],
    help: 'Ends of sessions that this process forgot, or that do not reach the other processes. Such a session may be accepted again.',
  },
  sessions_too_large_total: {
    type: 'counter',
    labels: ['issuer'],
    help: 'Sessions that do not fit into their cookies.',
  },
  session_cookie_not_delivered_total: {
    type: 'counter',
    labels: [],
    help: 'Times that a browser still sent an old session cookie after it was replaced. The mesh does not forward `set-cookie` of an allow.',
  },
  return_addresses_refused_total: {
    type: 'counter',
    labels: [],
    help: 'Return addresses of logins that were refused because they are not a path of the same host. The login returns to `/`.',
  },
  session_cache_entries: { type: 'gauge', labels: [], help: 'Opened sessions in the cache.' },
  session_keys: { type: 'gauge', labels: [], help: 'Keys in `sessions.keysFile`. 0 without `sessions`.' },
  session_keys_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the current session keys equal those of `sessions.keysFile`, 0 if the file could not be loaded.',
  },
} as const;

/** The values of `result` of `logins_finished_total`. */
export const loginResults = {
  success: 'The person has a session.',
  failed: 'The issuer rejected the login, or its answer or its ID token was rejected. The log has the cause.',
  cancelled: 'The person or a rule of the issuer canceled the login.',
  unavailable: 'The issuer did not answer, or it answered with an error that is not about the person.',
  too_large: 'The session does not fit into its cookies.',
} as const;

/** The values of `result` of `session_hand_overs_total`. */
export const handOverResults = {
  requested: 'A host sent a browser without a session to the central host.',
  granted: 'The central host sent the browser back with a grant.',
  completed: 'The host took the session of the grant.',
  expired: 'The request, the grant or its session was too old. The login begins again.',
  lost: 'The grant belongs to no login of this browser: another tab has finished it, or the grant is of another browser.',
  replayed: 'The grant was used before.',
  refused: 'The request or the grant cannot be opened, or is for another host or policy.',
  unavailable: 'The store of the sessions did not answer.',
} as const;

/** The values of `result` of `session_lookups_total`. */
export const lookupResults = {
  cached: 'The session is valid, and this process has opened its cookie before.',
  opened: 'The session is valid, and its cookie was opened now.',
  store: 'The session is valid, and was read from the store now.',
  absent: 'The request has no session cookie.',
  invalid:
    'The cookie cannot be opened: it was changed, is incomplete, is there twice, or its key is unknown.',
  expired: 'The session has ended.',
  unavailable: 'The session could not be read, because the store is away. The cookie stays.',
} as const;

/** The values of `result` of `session_refreshes_total`. */
export const refreshResults = {
  success: 'The session has new tokens.',
  rejected: 'The issuer no longer accepts the refresh token. The session ends.',
  unavailable:
    'The issuer did not answer, or it answered with an error that is not about the person. The session stays until its tokens end.',
  elsewhere: 'Another process had renewed the session, and this one uses its tokens. Only with a store.',
  store_unavailable:
    'The store did not answer, so the session was not renewed; or it did not take the new tokens, and this process tries again. Only with a store.',
} as const;

/** The values of `result` of `logout_tokens_total`. */
export const logoutTokenResults = {
  success: 'The sessions have ended.',
  rejected: 'The logout token is not valid. The log has the cause.',
  replayed: 'The same logout token was here before.',
  unconfirmed:
    'The sessions have ended in this process. The store did not answer within 2 s; the service continues to try.',
  too_many: 'Too many logout tokens at the same time.',
} as const;

/** The values of `result` of `front_channel_logouts_total`. */
export const frontChannelResults = {
  success: 'The sessions of the `sid` have ended.',
  rejected: 'The request has no `sid`, or another issuer.',
  unconfirmed:
    'The sessions have ended in this process. The store did not answer within 2 s; the service continues to try.',
  too_many: 'Too many requests.',
} as const;

/** The values of `cause` of `session_ends_lost_total`. */
export const lostEnds = {
  list_full: 'The list of ended sessions is full, and its oldest entry was forgotten.',
  not_sent: 'Too many ends wait for the store.',
} as const;

/** The values of `cause` of `sessions_ended_total`. */
export const sessionEnds = {
  sign_out: 'The person signed out.',
  max_age: 'The session is older than `sessions.maxAge`.',
  idle: 'The session had no request for `sessions.idleTimeout`.',
  tokens_ended: 'The token that it forwards ended and cannot be renewed.',
  refresh_rejected: 'The issuer no longer accepts its refresh token.',
  replaced: 'The person signed in again in the same browser.',
  back_channel:
    'The issuer ended it with a logout token. Counted by each process that a request shows it to.',
  front_channel: 'A frame of the issuer ended it. Counted by each process that a request shows it to.',
  elsewhere:
    'Another replica or worker ended it, and counted the cause. Counted by each process that a request shows it to.',
} as const;
