/** What is printed: the configuration, the values of our chart, and the plan of a switch-over without a gap. */

import { yamlText } from '../../../../config/describe/yaml-text.ts';
import { type EntryHeaders, entryHeaders } from '../../../../config/rules/entry-headers.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import { findingLines } from '../../report.ts';
import { addressOf, type Installation } from '../read/cluster/installation.ts';
import type { TreeComment } from '../translate/by-kind.ts';
import type { Translation } from '../translate/translate.ts';
import {
  bringBack,
  fileMark,
  keepOld,
  option,
  pointScript,
  removeEntry,
  removeOld,
  shadowFile,
  takeOut,
  usual,
  valuesFile,
} from './plan-scripts.ts';

/** Where the chart puts the service. */
const service = 'oidc-authz.oidc-authz.svc.cluster.local';
const port = 8000;

/** What oauth2-proxy is usually sent beside; anything else it might believe from a client. */
const ofIncumbent = ['x-forwarded-for', 'cookie'];

/** The configuration as a file. */
export function configText({ tree, comments, findings }: Translation): string {
  return yamlText(tree, { comment: headOf(findings), comments });
}

/** The values of the chart. */
export function valuesText({ tree, config, comments, findings }: Translation): string {
  return yamlText(values(tree, entryHeaders(config)), {
    comment: [headOf(findings), 'Put in the repository of your image.', ...fileNotes(tree)].join('\n'),
    comments: comments.map(({ path, text }): TreeComment => ({ path: ['config', ...path], text })),
  });
}

function headOf(findings: readonly Finding[]): string {
  return `Made by \`oidc-authz migrate oauth2-proxy\` from ${sourcesOf(findings)}.`;
}

/** The files and the like that settings came from. */
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

/** The chart makes ports and probes fit each other, so it is not told any. */
function values(tree: Mapping, { include }: EntryHeaders, shadow?: Mapping): Mapping {
  const config = Object.fromEntries(
    Object.entries({ ...tree, ...(shadow === undefined ? {} : { shadow }) }).flatMap(([key, value]) => {
      if (key !== 'http' && key !== 'admin') return [[key, value]];
      const { host: _host, port: _port, ...rest } = value as Mapping;
      return Object.keys(rest).length === 0 ? [] : [[key, rest]];
    }),
  );
  const further = [...include, ...(shadow === undefined ? [] : ofIncumbent)];
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

/** What the pod lacks until somebody puts it there. */
function fileNotes(tree: Mapping): readonly string[] {
  const named = [...JSON.stringify(tree).matchAll(/"(caFile|publicKeyFiles|certFile|keyFile)":/g)];
  const options = [...new Set(named.map(([, option]) => option))];
  return options.length === 0
    ? []
    : [`Mount the files of ${options.join(', ')} by \`extraVolumes\` and \`extraVolumeMounts\`.`];
}

/** The plan, as Markdown. */
export function planText(
  translation: Translation,
  accept: readonly string[],
  installation: Installation = usual,
): string {
  const { tree, config, findings } = translation;
  const headers = entryHeaders(config);
  const trial: EntryHeaders = {
    include: [...new Set([...headers.include, ...ofIncumbent])],
    onAllow: headers.onAllow,
    // While oauth2-proxy decides, what it says to browsers must reach them.
    onDeny: [...headers.onDeny, 'location', 'set-cookie'],
  };
  const trialValues = values(tree, headers, { authorizer: addressOf(installation), timeout: '1500ms' });
  return [
    '# From oauth2-proxy to oidc-authz',
    `Made from ${sourcesOf(findings)}. Nothing opens and nothing closes on the way: until step 5 oauth2-proxy decides. ${whose(installation)}`,
    '## What becomes of each setting',
    fenced('text', `${findingLines(findings, accept).join('\n')}\n`),
    '## The configuration',
    fenced('yaml', configText(translation)),
    '## The values',
    `Keep this plan as \`plan.md\`. It becomes files of its own: your \`values.yaml\` is the way back, and nothing here writes it.`,
    fileMark(valuesFile),
    fenced('yaml', valuesText(translation)),
    '## The switch-over',
    'First keep what is there today:',
    commands(keepOld(installation)),
    `1. Install with \`shadow.authorizer\`: oidc-authz asks oauth2-proxy for each check and gives its answer unchanged; its own is only compared. \`${shadowFile}\` is the values above with that, and with the headers that oauth2-proxy is sent. Let these be exactly those of the old entry, which are printed first: another one oauth2-proxy could believe from a client.`,
    commands(
      `kubectl --namespace kyma-system get istio default --output jsonpath='{.spec.config.authorizers[?(@.name=="oauth2-proxy")].headers.inCheck.include}'`,
    ),
    fileMark(shadowFile),
    fenced('yaml', yamlText(trialValues)),
    commands(takeOut),
    commands(
      'kubectl apply -f deploy/kyma/namespace.yaml',
      `helm upgrade --install oidc-authz charts/oidc-authz --namespace oidc-authz --values ${shadowFile} --wait`,
    ),
    '2. Register it beside the old authorizer. A JSON patch appends; a merge patch would take away all other authorizers. Where there is no list yet, run the script of the chart (`register-kyma.sh` in the ConfigMap `oidc-authz-entries`) instead. In Kyma:',
    commands(kymaCommand(trial)),
    'That is this entry of `spec.config.authorizers` in the Istio resource:',
    fenced('yaml', yamlText([kymaEntry(trial)])),
    'With Istio alone, append to `extensionProviders` of the mesh configuration:',
    fenced('yaml', yamlText([istioEntry(trial)])),
    '3. Point each rule of each APIRule (`authorizers: [oauth2-proxy]`) and each AuthorizationPolicy of yours (`provider.name`) at `oidc-authz`. Never both on one workload: Istio denies everything where two CUSTOM providers meet. This script looks for them itself and changes all rules of an object at once; with a namespace as a third word, only in there:',
    commands(pointScript, 'sh point-authorizer.sh oauth2-proxy oidc-authz'),
    '4. Watch what would be decided otherwise. `oidc_authz_shadow_comparisons_total` counts by `result`, and the log has a record of each difference with its reason:',
    commands(
      'kubectl --namespace oidc-authz port-forward deployment/oidc-authz 8081 &',
      'curl --silent --retry 5 --retry-connrefused http://127.0.0.1:8081/metrics | grep oidc_authz_shadow_comparisons_total',
      `kubectl --namespace oidc-authz logs deployment/oidc-authz --all-pods=true | grep '"comparison"'`,
    ),
    '5. When nothing differs but what the list above says, take `shadow` out. The pods take it up within about a minute, without a restart:',
    commands(helm(valuesFile)),
    '6. Roll back by putting it in again; the mesh need not change:',
    commands(helm(shadowFile)),
    'Or all the way, to oauth2-proxy alone:',
    commands('sh point-authorizer.sh oidc-authz oauth2-proxy'),
    '7. When you are sure, remove oauth2-proxy: its entry in the Istio resource, the release, and its secrets, which nothing needs any more. Headers such as `cookie` may then leave the entry of oidc-authz; the chart has the shorter one:',
    commands(
      "kubectl --namespace oidc-authz get configmap oidc-authz-entries --output jsonpath='{.data.register-kyma\\.sh}' | sh",
      removeEntry,
      removeOld(installation),
      `kubectl${option(installation.namespace)} get secrets`,
    ),
    'If you need it again after that, it comes back from what was kept at the beginning:',
    commands(bringBack(installation)),
    '',
  ].join('\n\n');
}

/** Whose names stand in the commands. */
function whose(installation: Installation): string {
  if (installation === usual)
    return 'Names and namespaces are those of the usual installations; put in yours.';
  const { resource, namespace } = installation;
  const unsaid =
    namespace === undefined
      ? ' No file says its namespace: add `--namespace` where it is not the current one.'
      : '';
  return `It is about \`${resource}\`${namespace === undefined ? '' : ` in the namespace \`${namespace}\``}.${unsaid} The mesh is taken to know it as \`oauth2-proxy\`; put in your name of it.`;
}

function helm(file: string): string {
  return `helm upgrade oidc-authz charts/oidc-authz --namespace oidc-authz --values ${file} --wait`;
}

function kymaEntry({ include, onAllow, onDeny }: EntryHeaders): Mapping {
  return {
    name: 'oidc-authz',
    service,
    port,
    timeout: '2s',
    headers: {
      inCheck: { include },
      ...(onAllow.length === 0 ? {} : { toUpstream: { onAllow } }),
      toDownstream: { onDeny },
    },
  };
}

function kymaCommand(headers: EntryHeaders): string {
  const patch = [{ op: 'add', path: '/spec/config/authorizers/-', value: kymaEntry(headers) }];
  const text = JSON.stringify(patch).replaceAll("'", "'\\''");
  return `kubectl --namespace kyma-system patch istio default --type json --patch '${text}'`;
}

function istioEntry({ include, onAllow, onDeny }: EntryHeaders): Mapping {
  return {
    name: 'oidc-authz',
    envoyExtAuthzHttp: {
      service,
      port,
      timeout: '2s',
      failOpen: false,
      includeRequestHeadersInCheck: include,
      ...(onAllow.length === 0 ? {} : { headersToUpstreamOnAllow: onAllow }),
      headersToDownstreamOnDeny: onDeny,
    },
  };
}

function commands(...lines: readonly string[]): string {
  return fenced('sh', `${lines.join('\n')}\n`);
}

/** A block that nothing within it can end. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}${fence}`;
}
