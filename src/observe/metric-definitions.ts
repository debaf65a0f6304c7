/** Every metric of the service. The code and `docs/metrics.md` use this table. */
import { fleetMetricDefinitions } from './fleet-metric-definitions.ts';
import { loginMetricDefinitions } from './login-metric-definitions.ts';
import { stateMetricDefinitions } from './state-metric-definitions.ts';

/** The prefix of every metric name. */
export const metricPrefix = 'oidc_authz_';

/** The metrics by name, without the prefix. */
export const metricDefinitions = {
  checks_total: {
    type: 'counter',
    labels: ['transport', 'outcome', 'reason', 'issuer'],
    help: 'Checks by outcome and reason. `issuer` is a configured issuer name, or `none` if the token names no configured issuer. While the incumbent decides (`shadow.authorizer`), the decisions of this service are counted.',
  },
  rule_checks_total: {
    type: 'counter',
    labels: ['rule', 'outcome', 'reason'],
    help: 'Checks that a rule decided, by the name of the rule, outcome and reason.',
  },
  policy_checks_total: {
    type: 'counter',
    labels: ['policy', 'outcome', 'reason'],
    help: 'Checks by policy, outcome and reason.',
  },
  checks_shadow_total: {
    type: 'counter',
    labels: ['reason', 'rule'],
    help: 'Checks that are allowed only because of `mode: shadow`, by the reason why they would be denied. `rule` is `none` if no rule matches.',
  },
  check_duration_seconds: {
    type: 'histogram',
    labels: ['transport', 'outcome'],
    help: 'Time from a check request to its decision, in seconds.',
  },
  checks_in_flight: { type: 'gauge', labels: ['transport'], help: 'Checks without a decision yet.' },
  token_cache_lookups_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Lookups in the cache of verified tokens, by `result`: `hit` or `miss`.',
  },
  cross_checks_total: {
    type: 'counter',
    labels: ['result'],
    help: 'New tokens that the library jose verified as well (`crossCheck`), by `result`: `agreed`, `differed`, `failed` (jose has no verdict) or `skipped` (too many waited).',
  },
  token_cache_entries: { type: 'gauge', labels: [], help: 'Verified tokens in the cache.' },
  dpop_proofs: {
    type: 'gauge',
    labels: [],
    help: 'Used DPoP proofs in the store that prevents replays.',
  },
  dpop_replay_store_full_total: {
    type: 'counter',
    labels: ['issuer', 'bound'],
    help: 'Valid DPoP proofs that were denied (`overloaded`) because the store was full. `issuer` is the issuer of the token. `bound` is the limit: `key` (`dpop.maxProofsPerKey`) or `issuer` (`dpop.maxProofs`).',
  },
  issuer_ready: { type: 'gauge', labels: ['issuer'], help: '1 if the issuer has usable keys, otherwise 0.' },
  issuer_keys: {
    type: 'gauge',
    labels: ['issuer'],
    help: 'Usable keys of the issuer. Duplicates count once.',
  },
  issuer_keys_age_seconds: {
    type: 'gauge',
    labels: ['issuer'],
    help: "Time since the last successful fetch of the issuer's keys, in seconds. Absent until the first one.",
  },
  keys_max_stale_seconds: {
    type: 'gauge',
    labels: [],
    help: 'How long keys are used while their issuer cannot be reached (`keys.maxStale`), in seconds.',
  },
  issuer_refreshes_total: {
    type: 'counter',
    labels: ['issuer', 'kind', 'result'],
    help: 'Fetches from the issuer, by `kind` (`discovery`, `jwks`) and `result` (`success`, `failure`).',
  },
  issuer_jwks_uri_moved: {
    type: 'gauge',
    labels: ['issuer'],
    help: "1 while the issuer's discovery document names a key set on another host than when it was first read, otherwise 0. The new host is not used until a reload. Tokens of the issuer are denied when its keys are older than `keys.maxStale`.",
  },
  issuer_keys_rejected_total: {
    type: 'counter',
    labels: ['issuer', 'cause'],
    help: 'Published keys that are rejected because they are weak or malformed. A key counts when it first appears in the key set.',
  },
  issuer_keys_unused: {
    type: 'gauge',
    labels: ['issuer', 'cause'],
    help: 'Published keys that are not used, by cause: rejected, for another purpose, or of a type that is not supported.',
  },
  forwarded_headers_withheld_total: {
    type: 'counter',
    labels: ['header', 'cause'],
    help: 'Values that were not forwarded, or only in part, by header and cause.',
  },
  check_records_left_out_total: {
    type: 'counter',
    labels: [],
    help: 'Log records of checks that were dropped because there were too many.',
  },
  config_reloads_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Reloads of the configuration, by `result`: `success` or `failure`.',
  },
  config_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the last reload of the configuration succeeded, otherwise 0.',
  },
  config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the current configuration was loaded, in seconds since the epoch.',
  },
  config_hash_info: {
    type: 'gauge',
    labels: ['hash'],
    help: 'Always 1. `hash` identifies the current configuration.',
  },
  shadow_mode: {
    type: 'gauge',
    labels: [],
    help: '1 while some rule or policy has `mode: shadow`, so that requests that would be denied are allowed; otherwise 0.',
  },
  shadow_authorizer: {
    type: 'gauge',
    labels: [],
    help: '1 while the incumbent decides (`shadow.authorizer`) and the decisions of this service are only compared, otherwise 0.',
  },
  shadow_comparisons_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Checks that the incumbent decided (`shadow.authorizer`), by the result of the comparison with the decision of this service.',
  },
  deny_list_entries: { type: 'gauge', labels: [], help: 'Entries in the current deny list.' },
  deny_list_reloads_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Reloads of the deny list, by `result`: `success` or `failure`.',
  },
  deny_list_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the current deny list equals its file, 0 if the file could not be loaded.',
  },
  deny_list_entries_removed_total: {
    type: 'counter',
    labels: [],
    help: 'Entries that reloads removed from the deny list. The tokens that they revoked are valid again.',
  },
  certificate_reloads_total: {
    type: 'counter',
    labels: ['kind', 'result'],
    help: 'Reloads of certificates, by `kind` (`listener`, `ca`) and `result` (`success`, `failure`).',
  },
  connections_rejected_total: {
    type: 'counter',
    labels: ['listener', 'cause'],
    help: "Connections that were closed because of their client. Causes, if the client uses another protocol than the listener, on every listener: `tls`, `http1`, `http2`, `proxy_protocol`, `unknown`. With TLS also: `plain_text`, `client_certificate` (missing or not trusted), `certificate_refused` (the client rejects the listener's certificate), `tls_version` (version or cipher), `alpn`. On the gRPC listener, after HTTP/2 has begun: `flood`, `protocol_error`, `internal_error` (a fault of this service).",
  },
  workers: {
    type: 'gauge',
    labels: [],
    help: 'Processes that answer checks. A starting process does not count.',
  },
  workers_wanted: {
    type: 'gauge',
    labels: [],
    help: 'Configured number of processes that answer checks (`workers`).',
  },
  worker_restarts_total: {
    type: 'counter',
    labels: [],
    help: 'Processes that were started to replace another.',
  },
  ...fleetMetricDefinitions,
  ...loginMetricDefinitions,
  ...stateMetricDefinitions,
  build_info: {
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1. The labels are the version of the service and of Node.js.',
  },
} as const satisfies Readonly<
  Record<string, { type: 'counter' | 'gauge' | 'histogram'; labels: readonly string[]; help: string }>
>;
