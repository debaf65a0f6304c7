/** Objects that run pods: the container in them that runs oauth2-proxy is read, and everything else in them is named. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Gathered } from '../collected.ts';
import { child, elements, fields, place, type Spot, scalarText } from '../location.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { readContainer, type Scope } from './container.ts';
import { installationOfWorkload } from './installation.ts';
import { mountedFiles, volumeSources } from './mounts.ts';
import { isTestOfRelease } from './object-kinds.ts';
import type { Objects, Reference } from './objects.ts';
import { containersOf, type Pod, podsIn, proxiesOf } from './pods.ts';

/** Fields of a pod that are read. */
const podFields = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'];
const containerFields = ['args', 'command', 'env', 'envFrom', 'image', 'name', 'volumeMounts'];

/** Fields of a pod that say nothing of who may pass. */
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
 * @returns where each container that runs it stands; more than one is a problem
 */
export function readWorkloads(objects: Objects, gathered: Gathered): readonly string[] {
  const found = objects.all
    .filter(({ spot }) => !isTestOfRelease(spot))
    .filter((object) => !isMade(object, objects, gathered) && !isReference(object, objects, gathered))
    .flatMap(podsIn)
    .flatMap((pod) => proxiesOf(pod).map((container) => ({ pod, container })));
  const distinct = [...Map.groupBy(found, ({ pod, container }) => sameness(pod, container)).values()];
  for (const { pod } of found) objects.tell(pod.object);
  for (const [one, ...others] of distinct)
    for (const { pod } of others)
      gathered.findings.push({
        setting: labelOf(pod.object),
        source: place(pod.spot),
        verdict: 'meaningless',
        text: `it runs the same as ${one === undefined ? '' : labelOf(one.pod.object)}`,
      });
  const [first] = distinct[0] ?? [];
  if (first === undefined) return [];
  readPod(first.pod, first.container, objects, gathered);
  return distinct.map(([one]) => (one === undefined ? '' : place(one.container)));
}

function readPod(pod: Pod, container: Spot, objects: Objects, gathered: Gathered): void {
  const { object, spot } = pod;
  const scope: Scope = { objects, namespace: object.namespace };
  gathered.installation = installationOfWorkload(object, objects.all);
  readContainer(container, scope, gathered);
  gathered.mounts.push(
    mountedFiles(child(container, 'volumeMounts'), child(spot, 'volumes'), object.namespace, objects),
  );
  nameUnknown(spot, 'pod', [...podFields, ...harmlessPodFields], gathered);
  nameUnknown(container, 'container', [...containerFields, ...harmlessContainerFields], gathered);
  nameHarmless(pod, container, gathered);
  for (const other of containersOf(pod)) {
    if (other.path.join() === container.path.join()) continue;
    const name = scalarText(child(other, 'name')) ?? 'one without a name';
    gathered.findings.push({
      setting: `container/${name}`,
      source: place(other),
      verdict: 'meaningless',
      text: 'it runs another program, which this does not replace; keep it where it guards anything',
    });
    for (const reference of referencesOf(other, pod)) {
      const used = objects.named(reference);
      if (used !== undefined) objects.belongs(used, `the container ${name}`);
    }
  }
}

/** What else a workload says, in one line, since none of it is about who may pass. */
function nameHarmless({ object, spot }: Pod, container: Spot, { findings }: Gathered): void {
  const ofObject = fields(child(object.spot, 'spec')).map(([name]) => name);
  const ofPod = fields(spot).flatMap(([name]) => (harmlessPodFields.includes(name) ? [name] : []));
  const ofContainer = fields(container).flatMap(([name]) =>
    harmlessContainerFields.includes(name) ? [name] : [],
  );
  const mounted = elements(child(container, 'volumeMounts')).map(
    (mount) => `${scalarText(child(mount, 'name'))} at ${scalarText(child(mount, 'mountPath'))}`,
  );
  const volumes = elements(child(spot, 'volumes')).flatMap((volume) => [
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
    source: place(object.spot),
    verdict: 'meaningless',
    text: `beside what is told of its container, it says how pods run: ${all.join(', ')}`,
  });
}

function nameUnknown(spot: Spot, of: string, known: readonly string[], { findings }: Gathered): void {
  for (const [name, below] of fields(spot))
    if (!known.includes(name))
      findings.push({
        setting: `${of}.${name}`,
        source: place(below),
        verdict: 'refused',
        text: 'it is not read: nothing is known of such a field here',
      });
}

/** Whether an object was made by another one that is there as well, which then says all that it says. */
function isMade(object: ClusterObject, objects: Objects, { findings }: Gathered): boolean {
  for (const reference of elements(child(object.spot, 'metadata', 'ownerReferences'))) {
    const [kind, name] = [scalarText(child(reference, 'kind')), scalarText(child(reference, 'name'))];
    const owner = objects.all.find(
      (one) => one !== object && one.kind === kind && one.name === name && one.namespace === object.namespace,
    );
    if (owner === undefined || podsIn(owner).length === 0) continue;
    objects.tell(object);
    findings.push({
      setting: labelOf(object),
      source: place(object.spot),
      verdict: 'meaningless',
      text: `${labelOf(owner)} makes it, and is looked at itself`,
    });
    return true;
  }
  return false;
}

/** Whether an object runs the pod that another one, which is there as well, describes: an Argo Rollout may. */
function isReference(object: ClusterObject, objects: Objects, { findings }: Gathered): boolean {
  const reference = child(object.spot, 'spec', 'workloadRef');
  if (!isMapping(reference.value)) return false;
  const [kind, name] = [scalarText(child(reference, 'kind')), scalarText(child(reference, 'name'))];
  const there = objects.all.some((one) => one.kind === kind && one.name === name);
  objects.tell(object);
  findings.push({
    setting: labelOf(object),
    source: place(object.spot),
    verdict: there ? 'meaningless' : 'refused',
    text: there
      ? `it runs the pod of ${kind}/${name}, which is looked at itself`
      : `it runs the pod of ${kind}/${name}, which is not among the files; give that as well`,
  });
  return true;
}

/** The ConfigMaps and Secrets that a container uses. */
function referencesOf(container: Spot, { object, spot }: Pod): readonly Reference[] {
  const { namespace } = object;
  const mounted = elements(child(container, 'volumeMounts')).map((mount) => scalarText(child(mount, 'name')));
  const volumes = elements(child(spot, 'volumes')).filter((volume) =>
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

/** What makes two containers run the same: a pod has, beside what its template says, a volume with its token. */
function sameness({ object, spot }: Pod, container: Spot): string {
  const isOfCluster = (value: unknown) =>
    isMapping(value) && typeof value.name === 'string' && value.name.startsWith('kube-api-access-');
  const without = (list: unknown) => (Array.isArray(list) ? list.filter((one) => !isOfCluster(one)) : []);
  const { args, command, env, envFrom, volumeMounts } = container.value as Record<string, unknown>;
  const { volumes } = spot.value as Record<string, unknown>;
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
