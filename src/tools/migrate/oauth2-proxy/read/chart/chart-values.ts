/** Values of the chart of oauth2-proxy that are no settings of oauth2-proxy itself. */

import { isTree } from '../../../../../config/values/raw-values.ts';
import type { Finding } from '../../../finding.ts';
import { objectsIn } from '../cluster/cluster-objects.ts';
import { guardingAnnotation, guardsOfService, whyHarmless } from '../cluster/object-kinds.ts';
import { isProxy } from '../cluster/pods.ts';
import type { Collected } from '../collected.ts';
import {
  aliasTargetText,
  child,
  elements,
  fields,
  isAliasTarget,
  isEmpty,
  isFalse,
  isTrue,
  locationOf,
  scalarText,
  type YamlNode,
} from '../yaml-node.ts';
import { type Chart, judgementOf } from './chart-value-names.ts';
import type { ChartValues } from './find-charts.ts';

/**
 * Tells what becomes of the values that are no settings. What the chart does not know is refused, as it may be a guard that
 * was meant.
 *
 * @param isComputed whether the values hold all defaults of the chart too, so that only what is enabled was meant
 */
export function judgeChartValues(
  { chart, node: values, isNested }: ChartValues,
  isComputed: boolean,
  { findings }: Collected,
): void {
  const harmlessNames: string[] = [];
  for (const [name, node] of fields(values)) {
    const known = judgementOf(name, chart);
    if (isNested && name === 'enabled' && !isFalse(node)) {
      harmlessNames.push(name);
      continue;
    }
    if (known === undefined) continue;
    const isOff = isEmpty(node) || isFalse(child(node, 'enabled'));
    const isOn = !isComputed || child(node, 'enabled').value === true;
    const guards = isOff ? [] : guardsIn(name, node, chart);
    findings.push(...guards);
    if (known.verdict === 'refused' && isAliasTarget(node)) {
      if (guards.length === 0)
        findings.push({
          setting: name,
          source: locationOf(node),
          verdict: 'meaningless',
          text: aliasTargetText,
        });
    } else if (known.verdict === 'refused')
      findings.push({ setting: name, source: locationOf(node), ...known });
    else if (isOff || (!isOn && guards.length === 0)) harmlessNames.push(name);
    else findings.push({ setting: name, source: locationOf(node), ...known });
  }
  if (harmlessNames.length > 0)
    findings.push({
      setting: 'values',
      source: locationOf(values),
      verdict: 'meaningless',
      text: `they are empty, off, or say how pods run: ${harmlessNames.join(', ')}`,
    });
}

/** What values that mostly say how pods run have in them that may be a guard, or another oauth2-proxy. */
function guardsIn(name: string, node: YamlNode, chart: Chart): readonly Finding[] {
  const refused = (at: YamlNode, setting: string, text: string): Finding => ({
    setting,
    source: locationOf(at),
    verdict: 'refused',
    text: `it is not read: ${text}`,
  });
  if (name === 'ingress' || name === 'gatewayApi')
    return [
      ...['annotations', 'extraAnnotations'].flatMap((list) =>
        fields(child(node, list)).flatMap(([annotation, at]) =>
          guardingAnnotation.test(annotation)
            ? [refused(at, `${name}.${list}.${annotation}`, 'it asks the gateway for a guard of its own')]
            : [],
        ),
      ),
      ...fieldsBelow(node, 'filters').map((at) =>
        refused(at, `${name}.filters`, 'they may be guards of the gateway'),
      ),
    ];
  if (name === 'service')
    return guardsOfService(node, child(node, 'annotations')).map(([inner, at]) =>
      refused(at, `service.${inner}`, 'it says from where oauth2-proxy may be called'),
    );
  if (name === 'networkPolicy')
    return isClosed(node, chart)
      ? [
          refused(
            node,
            name,
            'it says who may call oauth2-proxy; `networkPolicy` of oidc-authz does the same',
          ),
        ]
      : [];
  if (name === 'extraObjects' || name === 'extraDeploy') {
    if (!Array.isArray(node.value))
      return [refused(node, name, 'nothing here knows what it asks for; give it as a manifest')];
    return elements(node).flatMap((entry) => {
      const objects = isTree(entry.value) ? objectsIn(entry) : [];
      const isHarmless = objects.length > 0 && objects.every((object) => whyHarmless(object) !== undefined);
      if (isHarmless) return [];
      const kind = scalarText(child(entry, 'kind')) ?? 'one that is a template';
      return [
        refused(entry, `${name}/${kind}`, 'nothing here knows what it asks for; give it as a manifest'),
      ];
    });
  }
  if (/containers|sidecars/i.test(name))
    return elements(node).flatMap((container) =>
      isProxy(container) ? [refused(container, name, 'it runs an oauth2-proxy of its own')] : [],
    );
  return [];
}

/** Whether a chart makes a policy that lets in only some: Bitnami's has one by default, which lets in everybody. */
function isClosed(policy: YamlNode, chart: Chart): boolean {
  if (chart === 'bitnami') return isFalse(child(policy, 'allowExternal'));
  return isTrue(child(policy, 'create')) || isTrue(child(policy, 'enabled'));
}

/** What is below a name that is not empty, however deep. */
function fieldsBelow(node: YamlNode, wanted: string): readonly YamlNode[] {
  const inner = Array.isArray(node.value) ? elements(node) : fields(node).map(([, below]) => below);
  return inner.flatMap((one) =>
    one.path.at(-1) === wanted && !isEmpty(one) ? [one] : fieldsBelow(one, wanted),
  );
}
