/** K88: counters of a running service that show trouble. */
import { type metricDefinitions, metricPrefix } from '../../../observe/metric-definitions.ts';
import type { Severity } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { ServiceInput } from './ask-service.ts';

/** A counter or gauge that is 0 in a healthy service. */
interface Trouble {
  readonly metric: keyof typeof metricDefinitions;
  /** The end of the name of its samples, for a histogram. */
  readonly series?: '_count';
  /** The labels that count; absent: all. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The label whose values the cause lists. */
  readonly by?: readonly string[];
  readonly severity: Severity;
  readonly cause: (value: number) => string;
  readonly effect: string;
  readonly fix: string;
}

const troubles: readonly Trouble[] = [
  {
    metric: 'checks_total',
    labels: { reason: 'internal_error' },
    severity: 'error',
    cause: (value) => `Checks that ended with \`internal_error\`: ${value}`,
    effect: 'The service denied requests because of an error in its own code.',
    fix: 'Report the log record of such a check; `oidc-authz support-bundle` collects what is needed.',
  },
  {
    metric: 'cross_checks_total',
    labels: { result: 'differed' },
    severity: 'error',
    cause: (value) => `Tokens that jose judged differently: ${value}`,
    effect: 'The service accepts a token that jose rejects, or the other way round.',
    fix: 'Report the log record of the difference, without the token.',
  },
  {
    metric: 'issuer_jwks_uri_moved',
    by: ['issuer'],
    severity: 'error',
    cause: () => 'The discovery document names the key set on another host than before',
    effect:
      'The service still uses the old host. When its keys are older than `keys.maxStale`, it denies the tokens of the issuer.',
    fix: 'If the move is intended, reload the configuration (SIGHUP). If not, the document may be forged: ask the operator of the issuer.',
  },
  {
    metric: 'checks_total',
    labels: { reason: 'overloaded' },
    severity: 'warning',
    cause: (value) => `Checks that ended with \`overloaded\`: ${value}`,
    effect:
      'The service denied requests with valid tokens, because too many waited or a check took too long.',
    fix: 'Add CPU or replicas; see the runbook about overload.',
  },
  {
    metric: 'checks_total',
    labels: { reason: 'incumbent_unavailable' },
    severity: 'warning',
    cause: (value) => `Checks that ended with \`incumbent_unavailable\`: ${value}`,
    effect:
      'The incumbent (the authorizer that decides while `shadow.authorizer` is set) did not respond in time.',
    fix: 'Check that the incumbent runs and that `shadow.authorizer` is its address.',
  },
  {
    metric: 'store_operations_seconds',
    series: '_count',
    labels: { result: 'full' },
    by: ['operation'],
    severity: 'error',
    cause: (value) => `Writes that the store refused because it is full: ${value}`,
    effect: 'No person can sign in, and refreshes, sign-outs and revocations are not stored.',
    fix: 'Give the server more memory or disk. It must not evict keys (docs/state.md).',
  },
  {
    metric: 'store_operations_seconds',
    series: '_count',
    labels: { result: 'rejected' },
    by: ['operation'],
    severity: 'error',
    cause: (value) => `Operations that the store rejected: ${value}`,
    effect: 'These operations always fail.',
    fix: 'Give the ACL user the commands and the keys that it needs (docs/state.md); `ACL LOG` on the server names what was refused.',
  },
  {
    metric: 'store_operations_seconds',
    series: '_count',
    labels: { result: 'timeout' },
    by: ['operation'],
    severity: 'warning',
    cause: (value) => `Operations that the store did not answer in time: ${value}`,
    effect: 'Requests whose session is not cached waited, and ended with `sessions_unavailable`.',
    fix: 'Look at the load and the disk of the server (runbook OidcAuthzStoreSlow).',
  },
  {
    metric: 'checks_total',
    labels: { reason: 'sessions_unavailable' },
    severity: 'warning',
    cause: (value) => `Checks that ended with \`sessions_unavailable\`: ${value}`,
    effect: 'People with a session got an error page while the store was away. They stay signed in.',
    fix: 'Look at the connection to the store, and at `sessions.grace` (docs/state.md).',
  },
  {
    metric: 'checks_total',
    labels: { reason: 'proofs_unavailable' },
    severity: 'warning',
    cause: (value) => `Checks that ended with \`proofs_unavailable\`: ${value}`,
    effect: 'Clients with valid DPoP proofs were denied while the store was away.',
    fix: 'Look at the connection to the store. `dpop.store: local` accepts a proof once in each process instead.',
  },
  {
    metric: 'session_cookie_not_delivered_total',
    severity: 'warning',
    cause: (value) => `Session cookies that a browser did not receive: ${value}`,
    effect: 'The mesh does not pass `set-cookie` of an allow to the browser. Sessions end early.',
    fix: 'List `set-cookie` in the headers of an allow for the client (runbook OidcAuthzSessionCookiesNotDelivered).',
  },
  {
    metric: 'dpop_replay_store_full_total',
    by: ['issuer', 'bound'],
    severity: 'warning',
    cause: (value) => `Proofs for which the store of used proofs was full: ${value}`,
    effect: 'The service denied valid proofs as `overloaded`.',
    fix: 'Raise `dpop.maxProofs`, or lower `dpop.maxAge`.',
  },
  {
    metric: 'worker_restarts_total',
    severity: 'warning',
    cause: (value) => `Workers that were replaced: ${value}`,
    effect: 'A worker exited or hung. Its checks failed.',
    fix: 'Search the log for the exit of a worker; the usual cause is the memory limit of the Pod.',
  },
  {
    metric: 'forwarded_headers_withheld_total',
    by: ['header', 'cause'],
    severity: 'note',
    cause: (value) => `Header values that were not forwarded, or only in part: ${value}`,
    effect: 'The workload received no value, or a shorter list, for claims that a header cannot carry.',
    fix: 'Set an `encoding` for the header (docs/headers.md).',
  },
  {
    metric: 'check_records_left_out_total',
    severity: 'note',
    cause: (value) => `Log records that were dropped: ${value}`,
    effect: 'The log does not have every denial. The counters are complete.',
    fix: 'Look for a flood of denials, and set `log.excludePaths` or `log.checks` if they are expected.',
  },
  {
    metric: 'deny_list_entries_removed_total',
    severity: 'note',
    cause: (value) => `Entries that were removed from the deny list: ${value}`,
    effect: 'The tokens that these entries revoked are valid again until they expire.',
    fix: 'Keep an entry at least until its token expires.',
  },
];

/** The rule. Each trouble is one finding. */
export const counters: Rule<ServiceInput> = {
  id: 'K88',
  title: 'Counter of the service that shows trouble',
  severity: 'warning',
  effect: 'The finding names the counter. Counters begin with the start of the process.',
  fix: 'See the description of the metric in docs/metrics.md.',
  check: ({ url, samples }) =>
    troubles.flatMap(({ metric, series = '', labels = {}, by, cause, ...rest }) => {
      const name = `${metricPrefix}${metric}${series}`;
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          sample.value > 0 &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      if (found.length === 0) return [];
      const total = found.reduce((sum, { value }) => sum + value, 0);
      const parts = [
        ...new Set(found.map((sample) => (by ?? []).map((label) => sample.labels[label]).join(', '))),
      ];
      const names = parts
        .filter((part) => part !== '')
        .slice(0, 5)
        .join('; ');
      return [
        {
          place: { file: url, object: '', path: name },
          cause: `${cause(total)}${names === '' ? '' : ` (${names})`}.`,
          ...rest,
        },
      ];
    }),
};
