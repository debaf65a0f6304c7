/** Reads the workload that runs oauth2-proxy, and reports everything else in its pod. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Collected } from '../collected.ts';
import { child, elements, fields, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { readContainer, type Scope } from './container.ts';
import { installationOfWorkload } from './installation-names.ts';
import { mountedFiles, volumeSources } from './mounts.ts';
import { isTestOfRelease } from './object-kinds.ts';
import type { Objects, Reference } from './objects.ts';
import { containersOf, type Pod, podsIn, proxiesOf } from './pods.ts';

/** The fields of a pod that are read. */
const podFields = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'];
const containerFields = ['args', 'command', 'env', 'envFrom', 'image', 'name', 'volumeMounts'];

/** The fields of a pod that do not affect access. */
const harmlessPodFields = [
  ...['activeDeadlineSeconds', 'affinity', 'automountServiceAccountToken', 'dnsConfig', 'dnsPolicy'],
  ...['containerConcurrency', 'enableServiceLinks', 'hostAliases', 'hostIPC', 'hostNetwork', 'hostPID'],
  ...['hostUsers', 'hostname', 'imagePullSecrets', 'nodeName', 'nodeSelector', 'os', 'overhead'],
  ...['preemptionPolicy', 'priority', 'priorityClassName', 'readinessGates', 'resources', 'restartPolicy'],
  ...['runtimeClassName', 'schedulerName', 'schedulingGates', 'securityContext', 'serviceAccount'],
  ...['serviceAccountName', 'setHostnameAsFQDN', 'shareProcessNamespace', 'subdomain'],
  ...['terminationGracePeriodSeconds', 'timeoutSeconds', 'tolerations', 'topologySpreadConstraints'],
];
const harmlessContainerFields = [
  ...['imagePullPolicy', 'lifecycle', 'livenessProbe', 'ports', 'readinessProbe', 'resizePolicy'],
  ...['resources', 'restartPolicy', 'securityContext', 'startupProbe', 'stdin', 'stdinOnce'],
  ...['terminationMessagePath', 'terminationMessagePolicy', 'tty', 'volumeDevices', 'workingDir'],
];

/**
 * Reads the workload that runs oauth2-proxy.
 *
 * @returns the locations of the containers that run it; more than one is a problem
 */
export function readWorkloads(objects: Objects, collected: Collected): readonly string[] {
  const found = objects.all
    .filter(({ node }) => !isTestOfRelease(node))
    .filter((object) => !isOwned(object, objects, collected) && !refersToWorkload(object, objects, collected))
    .flatMap(podsIn)
    .flatMap((pod) => proxiesOf(pod).map((container) => ({ pod, container })));
  const distinct = [...Map.groupBy(found, ({ pod, container }) => comparisonKey(pod, container)).values()];
  for (const { pod } of found) objects.markReported(pod.object);
  for (const [one, ...others] of distinct)
    for (const { pod } of others)
      collected.findings.push({
        setting: labelOf(pod.object),
        source: locationOf(pod.node),
        verdict: 'meaningless',
        text: `it runs the same as ${one === undefined ? '' : labelOf(one.pod.object)}`,
      });
  const [first] = distinct[0] ?? [];
  if (first === undefined) return [];
  readPod(first.pod, first.container, objects, collected);
  return distinct.map(([one]) => (one === undefined ? '' : locationOf(one.container)));
}

function readPod(pod: Pod, container: YamlNode, objects: Objects, collected: Collected): void {
  const { object, node } = pod;
  const scope: Scope = { objects, namespace: object.namespace };
  collected.installationNames = installationOfWorkload(object, objects.all);
  readContainer(container, scope, collected);
  collected.mounts.push(
    mountedFiles(child(container, 'volumeMounts'), child(node, 'volumes'), object.namespace, objects),
  );
  reportUnknownFields(node, 'pod', [...podFields, ...harmlessPodFields], collected);
  reportUnknownFields(container, 'container', [...containerFields, ...harmlessContainerFields], collected);
  reportHarmlessFields(pod, container, collected);
  for (const other of containersOf(pod)) {
    if (other.path.join() === container.path.join()) continue;
    const name = scalarText(child(other, 'name')) ?? '(no name)';
    collected.findings.push({
      setting: `container/${name}`,
      source: locationOf(other),
      verdict: 'meaningless',
      text: 'it runs another program, which oidc-authz does not replace; keep it if it restricts access',
    });
    for (const reference of referencesOf(other, pod)) {
      const used = objects.named(reference);
      if (used !== undefined) objects.markUsedBy(used, `the container ${name}`);
    }
  }
}

/** Reports the other fields of a workload in one line, since none of them affects access. */
function reportHarmlessFields({ object, node }: Pod, container: YamlNode, { findings }: Collected): void {
  const ofObject = fields(child(object.node, 'spec')).map(([name]) => name);
  const ofPod = fields(node).flatMap(([name]) => (harmlessPodFields.includes(name) ? [name] : []));
  const ofContainer = fields(container).flatMap(([name]) =>
    harmlessContainerFields.includes(name) ? [name] : [],
  );
  const mounted = elements(child(container, 'volumeMounts')).map(
    (mount) => `${scalarText(child(mount, 'name'))} at ${scalarText(child(mount, 'mountPath'))}`,
  );
  const volumes = elements(child(node, 'volumes')).flatMap((volume) => [
    `the volume ${scalarText(child(volume, 'name'))}`,
    ...volumeSources(volume, object.namespace).map(({ kind, name: source }) => `of the ${kind} ${source}`),
  ]);
  const image = scalarText(child(container, 'image'));
  const name = scalarText(child(container, 'name'));
  const all = [
    ...(name === undefined ? [] : [`the container ${name}`]),
    ...(image === undefined ? [] : [`the image ${image}`]),
    ...new Set(
      [...ofObject, ...ofPod, ...ofContainer].filter(
        (name) => !podFields.includes(name) && !['template', 'jobTemplate'].includes(name),
      ),
    ),
    ...volumes,
    ...mounted,
  ];
  findings.push({
    setting: labelOf(object),
    source: locationOf(object.node),
    verdict: 'meaningless',
    text: `apart from the settings of its container, it only sets how pods run: ${all.join(', ')}`,
  });
}

function reportUnknownFields(
  node: YamlNode,
  of: string,
  known: readonly string[],
  { findings }: Collected,
): void {
  for (const [name, below] of fields(node))
    if (!known.includes(name))
      findings.push({
        setting: `${of}.${name}`,
        source: locationOf(below),
        verdict: 'refused',
        text: 'it is not read: the field is unknown',
      });
}

/** Whether another object in the files owns this one, so this one adds nothing. */
function isOwned(object: ClusterObject, objects: Objects, { findings }: Collected): boolean {
  for (const reference of elements(child(object.node, 'metadata', 'ownerReferences'))) {
    const [kind, name] = [scalarText(child(reference, 'kind')), scalarText(child(reference, 'name'))];
    const owner = objects.all.find(
      (one) => one !== object && one.kind === kind && one.name === name && one.namespace === object.namespace,
    );
    if (owner === undefined || podsIn(owner).length === 0) continue;
    objects.markReported(object);
    findings.push({
      setting: labelOf(object),
      source: locationOf(object.node),
      verdict: 'meaningless',
      text: `${labelOf(owner)} makes it and is read itself`,
    });
    return true;
  }
  return false;
}

/** Whether an object runs the pod of another object, as an Argo Rollout may. */
function refersToWorkload(object: ClusterObject, objects: Objects, { findings }: Collected): boolean {
  const reference = child(object.node, 'spec', 'workloadRef');
  if (!isMapping(reference.value)) return false;
  const [kind, name] = [scalarText(child(reference, 'kind')), scalarText(child(reference, 'name'))];
  const there = objects.all.some((one) => one.kind === kind && one.name === name);
  objects.markReported(object);
  findings.push({
    setting: labelOf(object),
    source: locationOf(object.node),
    verdict: there ? 'meaningless' : 'refused',
    text: there
      ? `it runs the pod of ${kind}/${name}, which is read itself`
      : `it runs the pod of ${kind}/${name}, which is not among the files; pass it as well`,
  });
  return true;
}

/** The ConfigMaps and Secrets that a container refers to. */
function referencesOf(container: YamlNode, { object, node }: Pod): readonly Reference[] {
  const { namespace } = object;
  const mounted = elements(child(container, 'volumeMounts')).map((mount) => scalarText(child(mount, 'name')));
  const volumes = elements(child(node, 'volumes')).filter((volume) =>
    mounted.includes(scalarText(child(volume, 'name'))),
  );
  const refer = (kind: 'ConfigMap' | 'Secret', name: string | undefined): Reference[] =>
    name === undefined ? [] : [{ kind, name, namespace }];
  return [
    ...volumes.flatMap((volume) => volumeSources(volume, namespace)),
    ...elements(child(container, 'envFrom')).flatMap((entry) => [
      ...refer('ConfigMap', scalarText(child(entry, 'configMapRef', 'name'))),
      ...refer('Secret', scalarText(child(entry, 'secretRef', 'name'))),
    ]),
    ...elements(child(container, 'env')).flatMap((entry) => [
      ...refer('ConfigMap', scalarText(child(entry, 'valueFrom', 'configMapKeyRef', 'name'))),
      ...refer('Secret', scalarText(child(entry, 'valueFrom', 'secretKeyRef', 'name'))),
    ]),
  ];
}

/**
 * A key that is equal for containers that run the same. It leaves out the token volume that the cluster adds to a
 * running pod.
 */
function comparisonKey({ object, node }: Pod, container: YamlNode): string {
  const isOfCluster = (value: unknown) =>
    isMapping(value) && typeof value.name === 'string' && value.name.startsWith('kube-api-access-');
  const without = (list: unknown) => (Array.isArray(list) ? list.filter((one) => !isOfCluster(one)) : []);
  const { args, command, env, envFrom, volumeMounts } = container.value as Record<string, unknown>;
  const { volumes } = node.value as Record<string, unknown>;
  return JSON.stringify([
    object.namespace,
    ...[args, command, env, envFrom].map((value) => value ?? []),
    without(volumeMounts),
    without(volumes),
  ]);
}

function labelOf({ kind, name }: ClusterObject): string {
  return `${kind}/${name}`;
}
