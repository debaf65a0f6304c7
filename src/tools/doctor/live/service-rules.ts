/** Rules of `doctor --live` about a running service: its state, its reloads, and its last denials. */
import { formatDuration } from '../../../config/values/units.ts';
import { reasonTexts } from '../../../model/reason-texts.ts';
import type { Reason } from '../../../model/reasons.ts';
import { metricPrefix } from '../../../observe/metric-definitions.ts';
import { listAt, numberAt, textAt, valueAt } from '../envoy/message.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { ServiceInput } from './ask-service.ts';
import { counters } from './counter-rule.ts';

/** Maximum number of reasons that the summary of denials has. */
const mostReasons = 10;

/** Maximum number of causes, and of fixes, of one reason. */
const mostTexts = 5;

const issuers: Rule<ServiceInput> = {
  id: 'K83',
  title: 'Issuer whose keys the service cannot fetch',
  severity: 'error',
  effect: 'The service has no usable key of this issuer and denies its tokens.',
  fix: 'Follow the message: it names the address and the cause. Then verify egress (NetworkPolicy, ServiceEntry, proxy) from the Pod.',
  check: ({ url, readiness }) =>
    listAt(readiness, 'issuers').flatMap((issuer): readonly Found[] => {
      const state = textAt(issuer, 'state');
      const problem = textAt(issuer, 'problem');
      if (state === 'ready' && problem === '') return [];
      const age = numberAt(issuer, 'keysAgeSeconds');
      const old = age === undefined ? '' : `; its keys are ${formatDuration(age * 1_000)} old`;
      const isUsable = state === 'ready' || state === 'stale';
      return [
        {
          place: { file: url, object: `issuer ${textAt(issuer, 'name')}`, path: '/readyz' },
          cause: `The issuer is ${state}${old}${problem === '' ? '' : `: ${problem}`}.`,
          ...(isUsable && {
            severity: 'warning' as const,
            effect:
              'The service uses its last keys until they are older than `keys.maxStale`. It denies tokens that newer keys signed.',
          }),
        },
      ];
    }),
};

const failedReloads: Rule<ServiceInput> = {
  id: 'K84',
  title: 'File that the service could not load',
  severity: 'error',
  effect:
    'The service still uses the previous content. After a restart it does not start, or has another configuration.',
  fix: 'Correct the file; `oidc-authz check-config` lists every problem. The service loads it without a restart.',
  check: ({ url, readiness }) =>
    listAt(readiness, 'problems')
      .filter((problem) => textAt(problem, 'what') !== 'revocations')
      .map((problem) => {
        const what = textAt(problem, 'what');
        return {
          place: { file: url, object: listAt(problem, 'files').join(', '), path: '/readyz' },
          cause: `The ${what} ${what.endsWith('s') ? 'were' : 'was'} not reloaded since ${textAt(problem, 'since')}: ${textAt(problem, 'problem')}.`,
        };
      }),
};

const revocations: Rule<ServiceInput> = {
  id: 'K50',
  title: 'Revocations in the store that the service does not have',
  severity: 'error',
  effect:
    'The service accepts the tokens and sessions that these entries revoke. Entries that it has read still count.',
  fix: 'Follow the message. If entries cannot be read: give every replica the same `sessions.keysFile` or `state.keysFile`. If the list was never read: correct the connection to the store. Until then, list urgent entries in `denyList.file` (docs/revocation.md).',
  check: ({ url, readiness }) =>
    listAt(readiness, 'problems')
      .filter((problem) => textAt(problem, 'what') === 'revocations')
      .map((problem) => ({
        place: { file: url, object: 'denyList.store', path: '/readyz' },
        cause: `The deny list of the store is not complete since ${textAt(problem, 'since')}: ${textAt(problem, 'problem')}.`,
      })),
};

const otherConfiguration: Rule<ServiceInput> = {
  id: 'K85',
  title: 'Service that runs another configuration than the file',
  severity: 'warning',
  effect: 'The findings about the file do not describe the running service.',
  fix: 'Name the file that the service reads. If it is the same file, look for a failed reload, for flags, and for environment variables that change options.',
  check: ({ url, file, samples }) => {
    const hash = samples.find(({ name }) => name === `${metricPrefix}config_hash_info`)?.labels.hash;
    return file === undefined || hash === undefined || hash === file.hash
      ? []
      : [
          {
            place: { file: url, object: '', path: 'oidc_authz_config_hash_info' },
            cause: `The hash of the running configuration is ${hash}; the hash of ${file.source} is ${file.hash}.`,
          },
        ];
  },
};

const notEnforced: Rule<ServiceInput> = {
  id: 'K86',
  title: 'Running service whose denials have no effect',
  severity: 'warning',
  effect: 'Requests that the rules deny are allowed, without an identity.',
  fix: 'Remove `mode: shadow` when the metric `oidc_authz_checks_shadow_total` shows no request that you want to allow.',
  check: ({ url, readiness }) => {
    const place = { file: url, object: '', path: '/readyz' };
    const authorizer = textAt(readiness, 'shadow', 'authorizer');
    return [
      ...(valueAt(readiness, 'shadow', 'tried') === true
        ? [{ place, cause: '`mode: shadow` is active.' }]
        : []),
      ...(authorizer === ''
        ? []
        : [
            {
              place,
              cause: `The incumbent (the authorizer that decides while \`shadow.authorizer\` is set) decides: ${authorizer}.`,
              severity: 'note' as const,
              effect: 'The decisions of this service are only compared with those of the incumbent.',
              fix: 'Remove `shadow.authorizer` when the comparison shows no difference.',
            },
          ]),
    ];
  },
};

const wrongProtocol: Rule<ServiceInput> = {
  id: 'K87',
  title: 'Rejected connections: another protocol than the listener, a flood, or an error of HTTP/2',
  severity: 'warning',
  effect: 'Each of these connections was closed, so a check, a probe or a scrape on it failed.',
  fix: 'Correct the port or the protocol at the client. A gRPC port needs `grpc` in its name or `appProtocol`, every other port `http`. Use TLS only if the listener has it (docs/proxy-errors.md). For `flood` and `protocol_error`, find the client (docs/operations.md#rejected-connections).',
  check: ({ url, samples }) =>
    samples
      .filter(({ name, value }) => name === `${metricPrefix}connections_rejected_total` && value > 0)
      .map(({ labels, value }) => ({
        place: {
          file: url,
          object: `listener ${labels.listener}`,
          path: 'oidc_authz_connections_rejected_total',
        },
        cause: `Connections that the listener closed because of \`${labels.cause}\`: ${value}.`,
      })),
};

const store: Rule<ServiceInput> = {
  id: 'K49',
  title: 'Service without a connection to its store',
  severity: 'error',
  effect:
    'Sessions that this process has cached work for `sessions.grace`. After that, requests with a session end with `sessions_unavailable`. People stay signed in, and bearer tokens still work.',
  fix: 'Follow the message: it names the cause. Then verify that the server runs, its name, port and password, and egress from the Pod (runbook OidcAuthzStoreAway).',
  check: ({ url, readiness }) => {
    const state = textAt(readiness, 'state', 'store');
    const problem = textAt(readiness, 'state', 'problem');
    return state === '' || state === 'ready'
      ? []
      : [
          {
            place: { file: url, object: '', path: '/readyz' },
            cause: `The connection has been ${state} since ${textAt(readiness, 'state', 'since')}${problem === '' ? '' : `: ${problem}`}.`,
          },
        ];
  },
};

const denials: Rule<ServiceInput> = {
  id: 'K89',
  title: 'Last denials by reason',
  severity: 'note',
  effect: 'The finding has the detail of the last denial, and the causes that are possible.',
  fix: 'Ask the service for one decision: `oidc-authz explain ID --admin URL`.',
  check: ({ url, denials: recorded = [] }) => {
    const count = recorded.length;
    const groups = [...Map.groupBy(recorded, (denial) => textAt(denial, 'reason'))]
      .filter(([reason]) => Object.hasOwn(reasonTexts, reason))
      .toSorted(([, a], [, b]) => b.length - a.length)
      .slice(0, mostReasons);
    return groups.map(([reason, members]): Found => {
      const { causes, fix } = reasonTexts[reason as Reason];
      const [last] = members;
      const id = textAt(last, 'id');
      const seen = `${textAt(last, 'method')} ${textAt(last, 'host')}${textAt(last, 'path')}`;
      const detail = textAt(last, 'detail');
      const all = detail === '' ? 1 : mostTexts;
      return {
        place: { file: url, object: `reason ${reason}`, path: '/decisions' },
        cause: `${members.length} of the last ${count} denials have this reason; the last one at ${textAt(last, 'time')} for ${seen}, decision ID ${id}.${detail === '' ? '' : ` Its detail: ${detail}.`}`,
        effect: `${detail === '' ? 'Most likely' : 'Possible causes'}: ${plain(causes.slice(0, all).join(' '))}`,
        fix: `${plain(fix.slice(0, all).join(' '))} For what the check expected and found, run \`oidc-authz explain ${id} --admin ${url}\`.`,
      };
    });
  },
};

/** The rules about a running service. */
export const serviceRules: readonly Rule<ServiceInput>[] = [
  issuers,
  failedReloads,
  revocations,
  otherConfiguration,
  notEnforced,
  wrongProtocol,
  counters,
  store,
  denials,
];

/** A text of the documentation without its links. */
function plain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
}
