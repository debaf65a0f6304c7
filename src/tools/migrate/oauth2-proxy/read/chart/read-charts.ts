/** The values of oauth2-proxy's charts: in files, or in objects that have a chart installed. */
import type { Finding } from '../../../finding.ts';
import type { Scope } from '../cluster/container.ts';
import { installationOfRelease } from '../cluster/installation-names.ts';
import type { Objects } from '../cluster/objects.ts';
import type { Gathered } from '../collected.ts';
import type { SortedFiles } from '../sort-files.ts';
import { child, fields, isFalse, isHolder, place, type Spot, scalarText, whyHolder } from '../yaml-node.ts';
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
export function readCharts(sorted: SortedFiles, objects: Objects, gathered: Gathered): readonly string[] {
  const { values } = sorted;
  const [first] = values;
  const found: string[] = [];
  if (first !== undefined) {
    const { spot, findings } = overlay(values.map((one) => one.spot));
    gathered.findings.push(...findings);
    const isComputed = values.some((one) => one.isComputed);
    found.push(...readEach(chartsIn(spot), isComputed, { objects, namespace: undefined }, gathered));
  }
  for (const releases of Map.groupBy(releasesIn(objects, gathered), ({ object }) => object).values()) {
    const read = releases.map((release) => readRelease(release, objects, gathered));
    found.push(...read.flat());
    if (read.every((places) => places.length === 0)) continue;
    for (const [index, release] of releases.entries())
      if (read[index]?.length === 0) gathered.findings.push(otherSource(release));
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
    source: place(source),
    verdict: 'refused',
    text: `it is not read: what it installs${of === undefined ? '' : ` (${of})`} is not among the files; give its manifests`,
  };
}

function readRelease(release: Release, objects: Objects, gathered: Gathered): readonly string[] {
  const { object, more = [], layers, namespace, chart } = release;
  const empty: Spot = { value: {}, path: [], placeOf: () => place(object.spot) };
  const { spot, findings } = overlay(layers.length === 0 ? [empty] : layers);
  const isNamed = /oauth2?[-_]?proxy/i.test(chart);
  const charts = chartsIn(spot);
  if (charts.length === 0 && !isNamed) return [];
  for (const one of [object, ...more]) objects.tell(one);
  const values = charts[0]?.spot ?? spot;
  gathered.installation ??= installationOfRelease(object, namespace, values);
  gathered.findings.push(...findings, harmless(release));
  const own: ChartValues = {
    chart: /bitnami/i.test(chart) ? 'bitnami' : 'official',
    spot,
    isNested: false,
    beside: [],
  };
  return readEach(charts.length === 0 ? [own] : charts, false, { objects, namespace }, gathered);
}

function harmless({ object }: Release): Finding {
  const names = fields(child(object.spot, 'spec')).map(([name]) => name);
  return {
    setting: `${object.kind}/${object.name}`,
    source: place(object.spot),
    verdict: 'meaningless',
    text: `beside what is told of its values, it says what is installed and how: ${names.join(', ')}`,
  };
}

function readEach(
  charts: readonly ChartValues[],
  isComputed: boolean,
  scope: Scope,
  gathered: Gathered,
): readonly string[] {
  const [first] = charts;
  if (first !== undefined) readChart(first, isComputed, scope, gathered);
  return charts.map(({ spot }) => place(spot));
}

function readChart(values: ChartValues, isComputed: boolean, scope: Scope, gathered: Gathered): void {
  const { chart, spot, beside } = values;
  if (chart === 'bitnami') readBitnamiValues(spot, scope, gathered);
  else readHelmValues(spot, scope, gathered);
  judgeChartValues(values, isComputed, gathered);
  const name = String(spot.path.at(-1));
  for (const [other, one] of beside)
    gathered.findings.push({
      setting: other,
      source: place(one),
      ...(isHolder(one)
        ? { verdict: 'meaningless', text: whyHolder }
        : other === 'global'
          ? { verdict: 'meaningless', text: 'it says where images and the like come from' }
          : {
              verdict: 'refused',
              text: `it is not read: the values of oauth2-proxy are below \`${name}\`, and these are of something else`,
            }),
    });
  if (values.isNested && isFalse(child(spot, 'enabled')))
    gathered.findings.push({
      setting: `${name}.enabled`,
      source: place(child(spot, 'enabled')),
      verdict: 'refused',
      text: 'it switches the chart of oauth2-proxy off, so that it guards nothing',
    });
}
