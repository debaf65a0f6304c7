/** The values of oauth2-proxy's charts: in files, or in objects that have a chart installed. */
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
 * Reads all values: those of several files are laid over one another in their order.
 *
 * @returns where the values of each installation stand; more than one is a problem
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

/** What is told of a source that an object has beside that of oauth2-proxy: it may hold guards. */
function otherSource({ object, source }: Release): Finding {
  const of = ['chart', 'path', 'repoURL']
    .map((name) => scalarText(child(source, name)) ?? '')
    .find((text) => text !== '');
  return {
    setting: `${object.kind}/${object.name}:sources`,
    source: locationOf(source),
    verdict: 'refused',
    text: `it is not read: what it installs${of === undefined ? '' : ` (${of})`} is not among the files; give its manifests`,
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
    beside: [],
  };
  return readEach(charts.length === 0 ? [own] : charts, false, { objects, namespace }, collected);
}

function harmless({ object }: Release): Finding {
  const names = fields(child(object.node, 'spec')).map(([name]) => name);
  return {
    setting: `${object.kind}/${object.name}`,
    source: locationOf(object.node),
    verdict: 'meaningless',
    text: `beside what is told of its values, it says what is installed and how: ${names.join(', ')}`,
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
  const { chart, node, beside } = values;
  if (chart === 'bitnami') readBitnamiValues(node, scope, collected);
  else readHelmValues(node, scope, collected);
  judgeChartValues(values, isComputed, collected);
  const name = String(node.path.at(-1));
  for (const [other, one] of beside)
    collected.findings.push({
      setting: other,
      source: locationOf(one),
      ...(isAliasTarget(one)
        ? { verdict: 'meaningless', text: aliasTargetText }
        : other === 'global'
          ? { verdict: 'meaningless', text: 'it says where images and the like come from' }
          : {
              verdict: 'refused',
              text: `it is not read: the values of oauth2-proxy are below \`${name}\`, and these are of something else`,
            }),
    });
  if (values.isNested && isFalse(child(node, 'enabled')))
    collected.findings.push({
      setting: `${name}.enabled`,
      source: locationOf(child(node, 'enabled')),
      verdict: 'refused',
      text: 'it switches the chart of oauth2-proxy off, so that it guards nothing',
    });
}
