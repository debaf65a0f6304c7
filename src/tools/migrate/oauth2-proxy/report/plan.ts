/** Writes the output: the configuration, the values of the chart, and the plan of a switch-over without downtime. */

import { yamlText } from '../../../../config/describe/yaml-text.ts';
import {
  type EntryHeaders,
  entryHeaders,
  incumbentDenialHeaders,
  incumbentHeaders,
} from '../../../../config/rules/entry-headers.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import { findingLines } from '../../report.ts';
import { addressOf, type InstallationNames } from '../read/cluster/installation-names.ts';
import type { TreeComment } from '../translate/part.ts';
import type { Translation } from '../translate/translate.ts';
import {
  backupCommands,
  defaultNames,
  extractFiles,
  fileMark,
  option,
  pointScript,
  removeCommand,
  removeEntry,
  restoreCommand,
  shadowFile,
  valuesFile,
} from './plan-scripts.ts';

/** The host name of the service that the chart makes. */
const service = 'oidc-authz.oidc-authz.svc.cluster.local';
const port = 8000;

/** The configuration as a file. */
export function configText({ options, comments, findings }: Translation): string {
  return yamlText(options, { comment: headOf(findings), comments });
}

/** The values of the chart. */
export function valuesText({ options, config, comments, findings }: Translation): string {
  return yamlText(values(options, entryHeaders(config)), {
    comment: [headOf(findings), 'Set the repository of your image.', ...fileNotes(options)].join('\n'),
    comments: comments.map(({ path, text }): TreeComment => ({ path: ['config', ...path], text })),
  });
}

function headOf(findings: readonly Finding[]): string {
  return `Made by \`oidc-authz migrate oauth2-proxy\` from ${sourcesOf(findings)}.`;
}

/** The files and other sources of the settings. */
function sourcesOf(findings: readonly Finding[]): string {
  const sources = findings.flatMap(({ source }) => {
    const [, file] = /^(.+?):\d+(:\d+)?(\s|$)/.exec(source) ?? [];
    if (file !== undefined) return [file];
    const [, kind] = /^(environment|flag)\b/.exec(source) ?? [];
    return kind === undefined ? [] : [kind === 'flag' ? 'flags' : `the ${kind}`];
  });
  const distinct = [...new Set(sources)].map((source) => source.replaceAll(/\p{Cc}/gu, ' '));
  return distinct.length === 0 ? 'its settings' : distinct.join(', ');
}

/** The chart sets ports and probes itself, so the values contain neither. */
function values(options: Mapping, { include }: EntryHeaders, shadow?: Mapping): Mapping {
  const config = Object.fromEntries(
    Object.entries({ ...options, ...(shadow === undefined ? {} : { shadow }) }).flatMap(([key, value]) => {
      if (key !== 'http' && key !== 'admin') return [[key, value]];
      const { host: _host, port: _port, ...rest } = value as Mapping;
      return Object.keys(rest).length === 0 ? [] : [[key, rest]];
    }),
  );
  const further = [...include, ...(shadow === undefined ? [] : incumbentHeaders)];
  const includeHeaders = [...new Set(further)].filter(
    (header) => header !== 'authorization' && header !== 'x-request-id',
  );
  return {
    image: { repository: 'registry.example.com/oidc-authz' },
    config,
    ...(includeHeaders.length === 0 ? {} : { authorizer: { includeHeaders } }),
    istio: { enabled: true },
  };
}

/** Notes about files that the operator must mount. */
function fileNotes(options: Mapping): readonly string[] {
  const named = [...JSON.stringify(options).matchAll(/"(caFile|publicKeyFiles|certFile|keyFile)":/g)];
  const names = [...new Set(named.map(([, option]) => option))];
  return names.length === 0
    ? []
    : [`Mount the files of ${names.join(', ')} with \`extraVolumes\` and \`extraVolumeMounts\`.`];
}

/** The plan in Markdown. */
export function planText(
  translation: Translation,
  accept: readonly string[],
  names: InstallationNames = defaultNames,
): string {
  const { options, config, findings } = translation;
  const headers = entryHeaders(config);
  const trial: EntryHeaders = {
    include: [...new Set([...headers.include, ...incumbentHeaders])],
    onAllow: headers.onAllow,
    toBrowserOnAllow: headers.toBrowserOnAllow,
    // While oauth2-proxy decides, its redirects and cookies must reach browsers.
    onDeny: [...headers.onDeny, ...incumbentDenialHeaders],
  };
  const trialValues = values(options, headers, { authorizer: addressOf(names), timeout: '1500ms' });
  return [
    '# From oauth2-proxy to oidc-authz',
    `Made from ${sourcesOf(findings)}. Access does not change until step 5: oauth2-proxy decides until then. ${namesNote(names)}`,
    '## What happens to each setting',
    fenced('text', `${findingLines(findings, accept).join('\n')}\n`),
    '## The configuration',
    fenced('yaml', configText(translation)),
    '## The values',
    `Save this plan as \`plan.md\`. The commands extract files from it and do not change your \`values.yaml\`, which you need for a rollback.`,
    fileMark(valuesFile),
    fenced('yaml', valuesText(translation)),
    ...(hasLogins(findings) ? loginSection : []),
    '## The switch-over',
    'First save the current state:',
    commands(backupCommands(names)),
    `1. Install with \`shadow.authorizer\`. For each check oidc-authz asks oauth2-proxy, returns its answer unchanged, and only compares it with its own decision. \`${shadowFile}\` contains the values above with this option and with the headers that oauth2-proxy gets. The first command prints the headers of its entry. List exactly these: oauth2-proxy might trust any other header of a client.`,
    commands(
      `kubectl --namespace kyma-system get istio default --output jsonpath='{.spec.config.authorizers[?(@.name=="oauth2-proxy")].headers.inCheck.include}'`,
    ),
    fileMark(shadowFile),
    fenced('yaml', yamlText(trialValues)),
    commands(extractFiles),
    commands(
      'kubectl apply -f deploy/kyma/namespace.yaml',
      `helm upgrade --install oidc-authz charts/oidc-authz --namespace oidc-authz --values ${shadowFile} --wait`,
    ),
    '2. Register oidc-authz in addition to oauth2-proxy. A JSON patch appends to the list; a merge patch would remove all other authorizers. If there is no list yet, run the script of the chart instead (`register-kyma.sh` in the ConfigMap `oidc-authz-entries`). In Kyma:',
    commands(kymaCommand(trial)),
    'The command adds this entry to `spec.config.authorizers` of the Istio resource:',
    fenced('yaml', yamlText([kymaEntry(trial)])),
    'With Istio without Kyma, append this to `extensionProviders` of the mesh configuration:',
    fenced('yaml', yamlText([istioEntry(trial)])),
    '3. Point each rule of each APIRule (`authorizers: [oauth2-proxy]`) and each of your AuthorizationPolicies (`provider.name`) to `oidc-authz`. Never name both for one workload: Istio denies all requests if two CUSTOM providers apply. This script finds the objects and changes all rules of an object at once. To change only one namespace, pass it as the third argument:',
    commands(pointScript, 'sh point-authorizer.sh oauth2-proxy oidc-authz'),
    ...(hasLogins(findings)
      ? [
          'The next step says nothing about logins: each authorizer sees only its own cookies, so each request with a session is a difference.',
        ]
      : []),
    '4. Compare the decisions. `oidc_authz_shadow_comparisons_total` counts them by `result`, and the log has a record of each difference with its reason:',
    commands(
      'kubectl --namespace oidc-authz port-forward deployment/oidc-authz 8081 &',
      'curl --silent --retry 5 --retry-connrefused http://127.0.0.1:8081/metrics | grep oidc_authz_shadow_comparisons_total',
      `kubectl --namespace oidc-authz logs deployment/oidc-authz --all-pods=true | grep '"comparison"'`,
    ),
    '5. When only the differences listed above remain, remove `shadow`. The pods load the change within about a minute, without a restart:',
    commands(helm(valuesFile)),
    '6. To roll back, add it again; the mesh does not change:',
    commands(helm(shadowFile)),
    'To roll back completely, to oauth2-proxy alone:',
    commands('sh point-authorizer.sh oidc-authz oauth2-proxy'),
    `7. When you are sure, remove oauth2-proxy: its entry in the Istio resource, the release, and its secrets. ${
      hasLogins(findings)
        ? 'Keep the client secret: the login uses it. The chart has the entry for the configuration. With a login, it lists `cookie`; without one, it does not:'
        : 'They are no longer needed. Remove headers such as `cookie` from the entry of oidc-authz; the chart contains the shorter entry:'
    }`,
    commands(
      "kubectl --namespace oidc-authz get configmap oidc-authz-entries --output jsonpath='{.data.register-kyma\\.sh}' | sh",
      removeEntry,
      removeCommand(names),
      `kubectl${option(names.namespace)} get secrets`,
    ),
    'If you need oauth2-proxy again after that, restore it from the saved state:',
    commands(restoreCommand(names)),
    '',
  ].join('\n\n');
}

/** Refused settings with which oauth2-proxy signs people in. The plan exists only if the operator accepted them. */
const settingsOfLogins = ['redirect-url', 'session-store-type', 'skip-jwt-bearer-tokens'];

/** Whether people sign in at oauth2-proxy. */
function hasLogins(findings: readonly Finding[]): boolean {
  return findings.some(({ setting, verdict }) => verdict === 'refused' && settingsOfLogins.includes(setting));
}

const loginSection = [
  '## The login',
  'People sign in at oauth2-proxy, and this configuration has no login. Without one, browsers get 401 from step 5 on. `docs/migrating-logins.md` has the option for each setting, and the steps:',
  [
    '- Add `issuers[].login`, `login` and `sessions` to `values.oidc-authz.yaml`, with the client secret of oauth2-proxy (`clientSecretFile`) and new session keys (`sessions.keysFile`).',
    '- Register the redirect URIs that `check-config` prints, or keep those of oauth2-proxy with `login.paths`.',
    '- Move a workload that people open in a browser without `shadow.authorizer`, one at a time. Sign in, wait for `sessions.recheck`, and sign out. The steps below are for clients with bearer tokens.',
    '- A login needs more headers and a timeout of 5 s. Use the entry that `oidc-authz generate` prints instead of the one in step 2.',
  ].join('\n'),
];

/** Says which names the commands use. */
function namesNote(names: InstallationNames): string {
  if (names === defaultNames)
    return 'The commands use the usual names and namespaces; replace them with yours.';
  const { resource, namespace } = names;
  const addNamespace =
    namespace === undefined
      ? ' No file contains its namespace: add `--namespace` unless it is the current one.'
      : '';
  const where = namespace === undefined ? '' : ` in the namespace \`${namespace}\``;
  return `The commands are for \`${resource}\`${where}.${addNamespace} They assume that the mesh names it \`oauth2-proxy\`; replace that name if yours differs.`;
}

function helm(file: string): string {
  return `helm upgrade oidc-authz charts/oidc-authz --namespace oidc-authz --values ${file} --wait`;
}

function kymaEntry({ include, onAllow, toBrowserOnAllow, onDeny }: EntryHeaders): Mapping {
  return {
    name: 'oidc-authz',
    service,
    port,
    timeout: '2s',
    headers: {
      inCheck: { include },
      ...(onAllow.length === 0 ? {} : { toUpstream: { onAllow } }),
      toDownstream: { ...(toBrowserOnAllow.length === 0 ? {} : { onAllow: toBrowserOnAllow }), onDeny },
    },
  };
}

function kymaCommand(headers: EntryHeaders): string {
  const patch = [{ op: 'add', path: '/spec/config/authorizers/-', value: kymaEntry(headers) }];
  const text = JSON.stringify(patch).replaceAll("'", "'\\''");
  return `kubectl --namespace kyma-system patch istio default --type json --patch '${text}'`;
}

function istioEntry({ include, onAllow, toBrowserOnAllow, onDeny }: EntryHeaders): Mapping {
  return {
    name: 'oidc-authz',
    envoyExtAuthzHttp: {
      service,
      port,
      timeout: '2s',
      failOpen: false,
      includeRequestHeadersInCheck: include,
      ...(onAllow.length === 0 ? {} : { headersToUpstreamOnAllow: onAllow }),
      ...(toBrowserOnAllow.length === 0 ? {} : { headersToDownstreamOnAllow: toBrowserOnAllow }),
      headersToDownstreamOnDeny: onDeny,
    },
  };
}

function commands(...lines: readonly string[]): string {
  return fenced('sh', `${lines.join('\n')}\n`);
}

/** A code block whose fence is longer than any fence in its text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}${fence}`;
}
