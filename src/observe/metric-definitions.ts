/** Every metric of the service, declared once: the source of the code and of the docs. */

/** The names all start with this. */
export const metricPrefix = 'oidc_authz_';

/** What is measured, without the prefix: the source of the docs. */
export const metricDefinitions = {
  checks_total: {
    type: 'counter',
    labels: ['transport', 'outcome', 'reason', 'issuer'],
    help: 'Checks, by how they ended; issuer is a configured name, or none where the token told of no known one. While another authorizer decides (`shadow.authorizer`), how they would have.',
  },
  rule_checks_total: {
    type: 'counter',
    labels: ['rule', 'outcome', 'reason'],
    help: 'Checks that a rule of the configuration decided, by its name and how they ended.',
  },
  policy_checks_total: {
    type: 'counter',
    labels: ['policy', 'outcome', 'reason'],
    help: 'Checks of each policy, by how they ended.',
  },
  checks_shadow_total: {
    type: 'counter',
    labels: ['reason', 'rule'],
    help: 'Checks that passed only because rules are tried (`mode: shadow`), by why they would have been refused; rule is none where none matched.',
  },
  check_duration_seconds: {
    type: 'histogram',
    labels: ['transport', 'outcome'],
    help: 'Time from a check request to its decision.',
  },
  checks_in_flight: { type: 'gauge', labels: ['transport'], help: 'Checks that wait for their decision.' },
  token_cache_lookups_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Look-ups of tokens among those verified lately: hit or miss.',
  },
  token_cache_entries: { type: 'gauge', labels: [], help: 'Verified tokens that are remembered.' },
  dpop_proofs: {
    type: 'gauge',
    labels: [],
    help: 'DPoP proofs that are remembered, so that none is good twice.',
  },
  dpop_replay_store_full_total: {
    type: 'counter',
    labels: ['issuer', 'bound'],
    help: 'Good DPoP proofs that were refused (`overloaded`) since there was no room to remember them: by the issuer of the token, and by the bound, key (`dpop.maxProofsPerKey`) or issuer (`dpop.maxProofs`).',
  },
  issuer_ready: { type: 'gauge', labels: ['issuer'], help: '1 if the issuer has usable keys, else 0.' },
  issuer_keys: { type: 'gauge', labels: ['issuer'], help: 'Usable keys of the issuer, each counted once.' },
  issuer_keys_age_seconds: {
    type: 'gauge',
    labels: ['issuer'],
    help: 'Time since the issuer last gave its keys; absent as long as it never did.',
  },
  keys_max_stale_seconds: {
    type: 'gauge',
    labels: [],
    help: 'How long keys serve while their issuer cannot be reached (`keys.maxStale`).',
  },
  issuer_refreshes_total: {
    type: 'counter',
    labels: ['issuer', 'kind', 'result'],
    help: 'Fetches from the issuer, by kind (discovery, jwks) and result (success, failure).',
  },
  issuer_jwks_uri_moved: {
    type: 'gauge',
    labels: ['issuer'],
    help: "1 while the issuer's discovery document names its key set on another host than when it was first read, which is refused until a reload; else 0. When keys are older than `keys.maxStale`, tokens of the issuer are refused.",
  },
  issuer_keys_rejected_total: {
    type: 'counter',
    labels: ['issuer', 'cause'],
    help: 'Published keys that are refused since they are weak or malformed, counted when a key set first holds them.',
  },
  issuer_keys_unused: {
    type: 'gauge',
    labels: ['issuer', 'cause'],
    help: 'Published keys that verify nothing, by the cause: those that are refused, and those that are meant for something else or of a kind that is not supported.',
  },
  forwarded_headers_withheld_total: {
    type: 'counter',
    labels: ['header', 'cause'],
    help: 'Values that were not forwarded, or not whole: by the cause, such as characters that no header can carry.',
  },
  check_records_left_out_total: {
    type: 'counter',
    labels: [],
    help: 'Log records of checks that were left out because there were too many.',
  },
  config_reloads_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Reloads of the configuration: success or failure.',
  },
  config_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the last reload was good, else 0.',
  },
  config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the configuration that is in use was loaded, in seconds since the epoch.',
  },
  config_hash_info: {
    type: 'gauge',
    labels: ['hash'],
    help: 'Always 1; hash tells one configuration from another.',
  },
  shadow_mode: {
    type: 'gauge',
    labels: [],
    help: '1 while checks are only tried (`mode: shadow`) everywhere or somewhere, so that what would be refused passes; else 0.',
  },
  shadow_authorizer: {
    type: 'gauge',
    labels: [],
    help: '1 while another authorizer decides (`shadow.authorizer`) and our own decisions are only compared; else 0.',
  },
  shadow_comparisons_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Checks that another authorizer (`shadow.authorizer`) still decides, by how its answer compares with our own decision.',
  },
  deny_list_entries: { type: 'gauge', labels: [], help: 'Entries of the deny list that is in use.' },
  deny_list_reloads_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Reloads of the deny list after a change of its file: success or failure.',
  },
  deny_list_last_reload_successful: {
    type: 'gauge',
    labels: [],
    help: '1 if the deny list that is in use is the one in its file, 0 if that one could not be read.',
  },
  deny_list_entries_removed_total: {
    type: 'counter',
    labels: [],
    help: 'Entries that a reload of the deny list no longer had: revocations that were lifted.',
  },
  certificate_reloads_total: {
    type: 'counter',
    labels: ['kind', 'result'],
    help: 'Reloads of certificates after a change of their files, by kind (`listener`, `ca`) and result (success, failure).',
  },
  connections_rejected_total: {
    type: 'counter',
    labels: ['listener', 'cause'],
    help: 'Connections that came to nothing because whoever connects speaks something else than the listener: `tls`, `http1`, `http2` or `proxy_protocol` where that is not spoken, `unknown`; on a listener with TLS `plain_text`, `client_certificate` (none, or not believed), `certificate_refused` (ours, by the client), `tls_version` (or cipher), `alpn`.',
  },
  workers: {
    type: 'gauge',
    labels: [],
    help: 'Processes that answer checks; one that is starting is not among them.',
  },
  workers_wanted: { type: 'gauge', labels: [], help: 'Processes that are to answer checks (`workers`).' },
  worker_restarts_total: {
    type: 'counter',
    labels: [],
    help: 'Processes that were started in the place of one that ended.',
  },
  build_info: { type: 'gauge', labels: ['version', 'node'], help: 'Always 1; what is running.' },
} as const satisfies Readonly<
  Record<string, { type: 'counter' | 'gauge' | 'histogram'; labels: readonly string[]; help: string }>
>;
