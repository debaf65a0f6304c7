/** The settings of Kyma: a JSON patch (RFC 6902) for its Istio resource, and APIRules. */

import { isDeepStrictEqual } from 'node:util';
import { parseYaml } from '../../config/load/file.ts';
import { isMapping, type Mapping } from '../../config/values/mapping.ts';
import { singleProblem } from '../single-problem.ts';
import type { Generated } from './generated.ts';
import { adviceFor, type Entry, type Needs, secondsText, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

const list = '/spec/config/authorizers';

const apply =
  'Apply: kubectl --namespace kyma-system patch istios.operator.kyma-project.io default --type json --patch-file FILE';

/** The current Istio resource: its file, and the text of the file. */
export interface ExistingResource {
  readonly file: string;
  readonly text: string;
}

/**
 * Generates the patch that registers the authorizer.
 *
 * @param existing the current resource. If absent, the patch appends to a list that must exist.
 * @throws ConfigError if the file is not the resource, or if two of its entries have the same name
 */
export function generateKyma(needs: Needs, existing: ExistingResource | undefined): Generated {
  const entries = needs.entries.map((entry) => kymaEntry(needs, entry));
  const patch =
    existing === undefined ? kymaPatches(entries).list : patchFor(entries, resourceIn(existing), existing);
  const about =
    existing === undefined
      ? [
          apply,
          'Apply it once: it appends to spec.config.authorizers. If the resource does not have this list,',
          'or has an entry with this name, add --existing FILE with the current resource.',
        ]
      : patch.length === 0
        ? ['The resource has this entry already. There is nothing to change.']
        : [apply, 'It fails if the list of authorizers changed in the meantime. Then generate it again.'];
  return {
    about: [...about, ...adviceFor(needs, 'kyma')],
    documents: [patch],
    reasons: {
      timeout: `${sharedReasons.timeout} Whole seconds only: Kyma turns 500ms into 0s, and Envoy then waits without a limit.`,
      pathPrefix: 'Selects the policy. Without it, the path of the client would.',
      include: sharedReasons.include,
      onAllow: sharedReasons.onAllow,
      onDeny: sharedReasons.onDeny,
    },
  };
}

/** An entry for `spec.config.authorizers` of the Istio resource (operator.kyma-project.io/v1alpha2). */
export function kymaEntry({ service, port, timeout, headers }: Needs, { name, pathPrefix }: Entry): Mapping {
  return {
    name,
    service: service.host,
    port,
    timeout: secondsText(timeout),
    ...(pathPrefix !== '' && { pathPrefix }),
    headers: {
      inCheck: { include: headers.include },
      ...(headers.onAllow.length > 0 && { toUpstream: { onAllow: headers.onAllow } }),
      toDownstream: {
        ...(headers.toBrowserOnAllow.length > 0 && { onAllow: headers.toBrowserOnAllow }),
        onDeny: headers.onDeny,
      },
    },
  };
}

/**
 * Patches by the deepest part of the resource that exists: `list` (also an empty list), `config`, `spec`, or `none` of them. The
 * server treats a test for null as a test for absence. So each patch applies only to its own case, and none replaces existing entries.
 */
export function kymaPatches(
  entries: readonly Mapping[],
): Readonly<Record<'list' | 'config' | 'spec' | 'none', readonly object[]>> {
  return {
    list: entries.map((value) => ({ op: 'add', path: `${list}/-`, value })),
    config: absent(list, entries),
    spec: absent('/spec/config', { authorizers: entries }),
    none: absent('/spec', { config: { authorizers: entries } }),
  };
}

/** Generates an APIRule for each host. */
export function generateApiRules(
  needs: Needs,
  { name: authorizer }: Entry,
  hosts: readonly string[],
  options: GenerateOptions,
): Generated {
  const { backend = { name: '', port: 0 }, gateway, workloadNamespace } = options;
  const namespace = gateway?.namespace ?? (gateway === undefined ? 'kyma-system' : workloadNamespace);
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];
  return {
    about: [
      'Apply: kubectl apply --filename FILE. The authorizer must be registered first.',
      ...adviceFor(needs, 'kyma'),
    ],
    documents: hosts.map((host, index) => ({
      apiVersion: 'gateway.kyma-project.io/v2',
      kind: 'APIRule',
      metadata: {
        name: index === 0 ? backend.name : `${backend.name}-${index + 1}`,
        namespace: workloadNamespace,
      },
      spec: {
        gateway: `${namespace}/${gateway?.name ?? 'kyma-gateway'}`,
        hosts: [host],
        service: { name: backend.name, port: backend.port },
        rules: [
          ...ownPathRules(needs),
          {
            path: '/*',
            methods: needs.allowsPreflight ? [...methods, 'OPTIONS'] : methods,
            extAuth: { authorizers: [authorizer] },
          },
        ],
      },
    })),
    reasons: {
      methods: 'Istio denies all other methods.',
      extAuth: 'One authorizer for each workload: with two, Istio denies every request.',
      noAuth: 'The paths of the login. Its listener answers them itself and never allows a request.',
    },
  };
}

/** Rules that send the own paths of a login to its listener, which shows pages with their own status. */
function ownPathRules({ login, service }: Needs): readonly object[] {
  const port = login?.listenerPort;
  if (login === undefined || port === undefined) return [];
  const to = { noAuth: true, service: { name: service.name, namespace: service.namespace, port } };
  return [
    ...login.paths.map((path) => ({ path, methods: ['GET', 'HEAD', 'POST'], ...to })),
    ...login.logouts.map(({ path, method }) => ({ path, methods: [method], ...to })),
  ];
}

function absent(path: string, value: unknown): readonly object[] {
  return [
    { op: 'test', path, value: null },
    { op: 'add', path, value },
  ];
}

/** The patch for a resource. A test for the whole list guards all existing entries. */
function patchFor(
  entries: readonly Mapping[],
  resource: Mapping,
  { file }: ExistingResource,
): readonly object[] {
  const patches = kymaPatches(entries);
  const { spec } = resource;
  if (!isMapping(spec)) return patches.none;
  if (!isMapping(spec.config)) return patches.spec;
  const { authorizers } = spec.config;
  if (authorizers === undefined || authorizers === null) return patches.config;
  if (!Array.isArray(authorizers))
    throw singleProblem(file, 'spec.config.authorizers must be a list; check the resource');
  const changes = entries.flatMap((value): object[] => {
    const same = [...authorizers.entries()].filter(([, one]) => isMapping(one) && one.name === value.name);
    const [first, ...more] = same;
    if (more.length > 0)
      throw singleProblem(
        file,
        `several authorizers have the name ${String(value.name)}, and Kyma rejects them; remove all but one`,
      );
    if (first === undefined) return [{ op: 'add', path: `${list}/-`, value }];
    const [index, current] = first;
    return isDeepStrictEqual(current, value) ? [] : [{ op: 'replace', path: `${list}/${index}`, value }];
  });
  return changes.length === 0 ? [] : [{ op: 'test', path: list, value: authorizers }, ...changes];
}

function resourceIn({ file, text }: ExistingResource): Mapping {
  const { value } = parseYaml(text, file);
  const [only = value, ...more] = isMapping(value) && Array.isArray(value.items) ? value.items : [];
  const isIstio =
    isMapping(only) &&
    more.length === 0 &&
    only.kind === 'Istio' &&
    String(only.apiVersion).startsWith('operator.kyma-project.io/');
  if (!isIstio)
    throw singleProblem(
      file,
      "expected Kyma's Istio resource; write it with `kubectl --namespace kyma-system get istios.operator.kyma-project.io default --output yaml`",
    );
  return only;
}
