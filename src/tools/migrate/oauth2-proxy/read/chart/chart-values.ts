/** Judges the values of the charts of oauth2-proxy that are not settings of oauth2-proxy itself. */

import { isMapping } from '../../../../../config/values/mapping.ts';
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
 * Reports the values that are not settings. A value that the chart does not know is refused, since it may be meant to
 * restrict access.
 *
 * @param isComputed whether the values include all defaults of the chart, so only enabled ones were set by the operator
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
      text: `they are empty, disabled, or only set how pods run: ${harmlessNames.join(', ')}`,
    });
}

/** Finds access restrictions, and further instances of oauth2-proxy, in values that normally only set how pods run. */
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
            ? [refused(at, `${name}.${list}.${annotation}`, 'it restricts access at the gateway')]
            : [],
        ),
      ),
      ...fieldsBelow(node, 'filters').map((at) =>
        refused(at, `${name}.filters`, 'they may restrict access at the gateway'),
      ),
    ];
  if (name === 'service')
    return guardsOfService(node, child(node, 'annotations')).map(([inner, at]) =>
      refused(at, `service.${inner}`, 'it restricts who may call oauth2-proxy'),
    );
  if (name === 'networkPolicy')
    return isClosed(node, chart)
      ? [
          refused(
            node,
            name,
            'it restricts who may call oauth2-proxy; set `networkPolicy` of the chart of oidc-authz',
          ),
        ]
      : [];
  if (name === 'extraObjects' || name === 'extraDeploy') {
    if (!Array.isArray(node.value))
      return [refused(node, name, 'its effect on access is unknown; pass it as a manifest')];
    return elements(node).flatMap((entry) => {
      const objects = isMapping(entry.value) ? objectsIn(entry) : [];
      const isHarmless = objects.length > 0 && objects.every((object) => whyHarmless(object) !== undefined);
      if (isHarmless) return [];
      const kind = scalarText(child(entry, 'kind')) ?? 'a template';
      return [refused(entry, `${name}/${kind}`, 'its effect on access is unknown; pass it as a manifest')];
    });
  }
  if (/containers|sidecars/i.test(name))
    return elements(node).flatMap((container) =>
      isProxy(container) ? [refused(container, name, 'it runs another oauth2-proxy')] : [],
    );
  return [];
}

/** Whether the chart makes a policy that restricts callers. Bitnami's chart makes one by default that allows all. */
function isClosed(policy: YamlNode, chart: Chart): boolean {
  if (chart === 'bitnami') return isFalse(child(policy, 'allowExternal'));
  return isTrue(child(policy, 'create')) || isTrue(child(policy, 'enabled'));
}

/** All non-empty values with a name, at any depth. */
function fieldsBelow(node: YamlNode, wanted: string): readonly YamlNode[] {
  const inner = Array.isArray(node.value) ? elements(node) : fields(node).map(([, below]) => below);
  return inner.flatMap((one) =>
    one.path.at(-1) === wanted && !isEmpty(one) ? [one] : fieldsBelow(one, wanted),
  );
}
