/** The resources that make a proxy ask an authorizer: AuthorizationPolicies with the action CUSTOM, and rules of APIRules. */
import type { Place } from '../finding.ts';
import { type KubeObject, type Labels, labelsOf, mappingsOf, textOf } from '../read/objects.ts';
import { matches, type Workload } from './workloads.ts';
import type { World } from './world.ts';

/** One use of an authorizer for the requests to a target. */
export interface Guard {
  readonly object: KubeObject;
  readonly provider: string;
  /** The place of the provider's name. */
  readonly place: Place;
  readonly target: Target;
}

/** The proxies to which a policy applies. */
export interface Target {
  /** `*` for the whole mesh. */
  readonly namespace: string;
  /** The labels of pods; absent: all pods, or those of another member. */
  readonly labels?: Labels;
  /** A Service whose selector is not known. */
  readonly service?: string;
  /** A Gateway of the Gateway API. */
  readonly gateway?: string;
}

/** All guards of the manifests. */
export function guardsOf(world: World): readonly Guard[] {
  return [...policyGuards(world), ...apiRuleGuards(world)];
}

/** The AuthorizationPolicies with an action. `ALLOW` is the default of the API. */
export function policiesWith(
  { of }: Pick<World, 'of'>,
  action: 'CUSTOM' | 'ALLOW' | 'DENY',
): readonly KubeObject[] {
  return of('AuthorizationPolicy', 'security.istio.io').filter(
    (policy) => (policy.text('spec', 'action') || 'ALLOW') === action,
  );
}

/** The APIRules of Kyma in a version that has `extAuth`. */
export function apiRulesOf({ of }: Pick<World, 'of'>): readonly KubeObject[] {
  return of('APIRule', 'gateway.kyma-project.io').filter(({ version }) => version !== 'v1beta1');
}

function policyGuards(world: World): readonly Guard[] {
  return policiesWith(world, 'CUSTOM').flatMap((object) =>
    targetsOf(object, world).map((target) => ({
      object,
      provider: object.text('spec', 'provider', 'name'),
      place: object.at('spec', 'provider', 'name'),
      target,
    })),
  );
}

function apiRuleGuards(world: World): readonly Guard[] {
  return apiRulesOf(world).flatMap((object) =>
    object.list('spec', 'rules').flatMap((_, index) => {
      const at = ['spec', 'rules', index, 'extAuth', 'authorizers'] as const;
      const target = apiRuleTarget(object, index, world);
      return object.texts(...at).map((provider, position) => ({
        object,
        provider,
        place: object.at(...at, position),
        target,
      }));
    }),
  );
}

/** The target of one rule of an APIRule: the pods of its Service. */
function apiRuleTarget(object: KubeObject, index: number, { serviceAt }: World): Target {
  const own = object.get('spec', 'rules', index, 'service');
  const at =
    own === undefined ? (['spec', 'service'] as const) : (['spec', 'rules', index, 'service'] as const);
  const name = object.text(...at, 'name');
  const namespace = object.text(...at, 'namespace') || object.namespace;
  const selector = labelsOf(serviceAt(`${name}.${namespace}.svc`)?.get('spec', 'selector'));
  return Object.keys(selector).length > 0 ? { namespace, labels: selector } : { namespace, service: name };
}

/** The targets of a policy of Istio. A policy in the root namespace applies to all namespaces. */
export function targetsOf(object: KubeObject, { rootNamespace, serviceAt }: World): readonly Target[] {
  const { namespace } = object;
  const single = object.get('spec', 'targetRef');
  const references = [
    ...object.list('spec', 'targetRefs'),
    ...mappingsOf(single === undefined ? [] : [single]),
  ];
  if (references.length > 0)
    return references.map((reference) => {
      const name = textOf(reference.name);
      if (reference.kind !== 'Service') return { namespace, gateway: name };
      const selector = labelsOf(serviceAt(`${name}.${namespace}.svc`)?.get('spec', 'selector'));
      return Object.keys(selector).length > 0
        ? { namespace, labels: selector }
        : { namespace, service: name };
    });
  const labels = labelsOf(object.get('spec', 'selector', 'matchLabels'));
  const scope = namespace === rootNamespace ? '*' : namespace;
  return [Object.keys(labels).length > 0 ? { namespace: scope, labels } : { namespace: scope }];
}

/** Whether two targets certainly have a proxy in common. */
export function overlap(a: Target, b: Target): boolean {
  if (a.namespace !== b.namespace && a.namespace !== '*' && b.namespace !== '*') return false;
  if (isEverything(a) || isEverything(b)) return true;
  if (a.gateway !== undefined || b.gateway !== undefined) return a.gateway === b.gateway;
  if (a.labels === undefined || b.labels === undefined)
    return a.service !== undefined && a.service === b.service;
  return matches(a.labels, b.labels) || matches(b.labels, a.labels);
}

/** The workloads of a target; empty if none of them is in the manifests. */
export function workloadsIn(target: Target, { workloads }: World): readonly Workload[] {
  if (target.service !== undefined || target.gateway !== undefined) return [];
  return workloads.filter(
    ({ namespace, labels }) =>
      (target.namespace === '*' || target.namespace === namespace) && matches(target.labels ?? {}, labels),
  );
}

/** Writes a target for a person. */
export function targetText({ namespace, labels, service, gateway }: Target): string {
  const where = namespace === '*' ? 'in all namespaces' : `in namespace ${namespace}`;
  if (service !== undefined) return `the pods of Service ${service} ${where}`;
  if (gateway !== undefined) return `Gateway ${gateway} ${where}`;
  if (labels === undefined) return `all pods ${where}`;
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `the pods with ${text.join(',')} ${where}`;
}

function isEverything({ labels, service, gateway }: Target): boolean {
  return labels === undefined && service === undefined && gateway === undefined;
}
