/** Reads the values of the charts of oauth2-proxy: from files, or from objects that install a chart. */
import type { Finding } from '../../../finding.ts';
import type { Scope } from '../cluster/container.ts';
import { installationOfRelease } from '../cluster/installation-names.ts';
import type { Objects } from '../cluster/objects.ts';
import type { Collected } from '../collected.ts';
import type { SortedFiles } from '../sort-files.ts';
import {
  aliasTargetText,
  child,
  fields,
  isAliasTarget,
  isFalse,
  locationOf,
  scalarText,
  type YamlNode,
} from '../yaml-node.ts';
import { readBitnamiValues } from './bitnami.ts';
import { judgeChartValues } from './chart-values.ts';
import { type ChartValues, chartsIn } from './find-charts.ts';
import { readHelmValues } from './helm-values.ts';
import { overlay } from './overlay.ts';
import { type Release, releasesIn } from './releases.ts';

/**
 * Reads all values. Those of several files are merged in their order.
 *
 * @returns the locations of the values of each installation; more than one is a problem
 */
export function readCharts(sorted: SortedFiles, objects: Objects, collected: Collected): readonly string[] {
  const { values } = sorted;
  const [first] = values;
  const found: string[] = [];
  if (first !== undefined) {
    const { node, findings } = overlay(values.map((one) => one.node));
    collected.findings.push(...findings);
    const isComputed = values.some((one) => one.isComputed);
    found.push(...readEach(chartsIn(node), isComputed, { objects, namespace: undefined }, collected));
  }
  for (const releases of Map.groupBy(releasesIn(objects, collected), ({ object }) => object).values()) {
    const read = releases.map((release) => readRelease(release, objects, collected));
    found.push(...read.flat());
    if (read.every((places) => places.length === 0)) continue;
    for (const [index, release] of releases.entries())
      if (read[index]?.length === 0) collected.findings.push(otherSource(release));
  }
  return found;
}

/** The finding for another source of the same object, which may restrict access. */
function otherSource({ object, source }: Release): Finding {
  const of = ['chart', 'path', 'repoURL']
    .map((name) => scalarText(child(source, name)) ?? '')
    .find((text) => text !== '');
  return {
    setting: `${object.kind}/${object.name}:sources`,
    source: locationOf(source),
    verdict: 'refused',
    text: `it is not read: the manifests of this source${of === undefined ? '' : ` (${of})`} are not among the files; pass them`,
  };
}

function readRelease(release: Release, objects: Objects, collected: Collected): readonly string[] {
  const { object, more = [], layers, namespace, chart } = release;
  const empty: YamlNode = { value: {}, path: [], locate: () => locationOf(object.node) };
  const { node, findings } = overlay(layers.length === 0 ? [empty] : layers);
  const isNamed = /oauth2?[-_]?proxy/i.test(chart);
  const charts = chartsIn(node);
  if (charts.length === 0 && !isNamed) return [];
  for (const one of [object, ...more]) objects.markReported(one);
  const values = charts[0]?.node ?? node;
  collected.installationNames ??= installationOfRelease(object, namespace, values);
  collected.findings.push(...findings, harmless(release));
  const own: ChartValues = {
    chart: /bitnami/i.test(chart) ? 'bitnami' : 'official',
    node,
    isNested: false,
    siblings: [],
  };
  return readEach(charts.length === 0 ? [own] : charts, false, { objects, namespace }, collected);
}

function harmless({ object }: Release): Finding {
  const names = fields(child(object.node, 'spec')).map(([name]) => name);
  return {
    setting: `${object.kind}/${object.name}`,
    source: locationOf(object.node),
    verdict: 'meaningless',
    text: `apart from its values, it only sets what is installed and how: ${names.join(', ')}`,
  };
}

function readEach(
  charts: readonly ChartValues[],
  isComputed: boolean,
  scope: Scope,
  collected: Collected,
): readonly string[] {
  const [first] = charts;
  if (first !== undefined) readChart(first, isComputed, scope, collected);
  return charts.map(({ node }) => locationOf(node));
}

function readChart(values: ChartValues, isComputed: boolean, scope: Scope, collected: Collected): void {
  const { chart, node, siblings } = values;
  if (chart === 'bitnami') readBitnamiValues(node, scope, collected);
  else readHelmValues(node, scope, collected);
  judgeChartValues(values, isComputed, collected);
  const name = String(node.path.at(-1));
  for (const [other, one] of siblings)
    collected.findings.push({
      setting: other,
      source: locationOf(one),
      ...(isAliasTarget(one)
        ? { verdict: 'meaningless', text: aliasTargetText }
        : other === 'global'
          ? { verdict: 'meaningless', text: 'it sets registries, image pull secrets and similar values' }
          : {
              verdict: 'refused',
              text: `it is not read: the values of oauth2-proxy are below \`${name}\`, and these belong to something else`,
            }),
    });
  if (values.isNested && isFalse(child(node, 'enabled')))
    collected.findings.push({
      setting: `${name}.enabled`,
      source: locationOf(child(node, 'enabled')),
      verdict: 'refused',
      text: 'it disables the chart of oauth2-proxy, so oauth2-proxy protects nothing',
    });
}
