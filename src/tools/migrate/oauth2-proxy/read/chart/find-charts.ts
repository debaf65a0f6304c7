/** Finds the values of the charts of oauth2-proxy in a values file. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { child, elements, fields, scalarText, type YamlNode } from '../yaml-node.ts';
import { type Chart, isChartValue } from './chart-value-names.ts';

/** The values for one chart of oauth2-proxy. */
export interface ChartValues {
  readonly chart: Chart;
  readonly node: YamlNode;
  /** Whether they are the values of a dependency, below its name in the parent chart. */
  readonly isNested: boolean;
  /** The other values on the same and on higher levels. */
  readonly siblings: readonly (readonly [name: string, node: YamlNode])[];
}

/** The maximum depth of the dependency in the parent chart. */
const maxDepth = 3;

/** Finds the values of the charts of oauth2-proxy: at the top, or below the name of a dependency. */
export function chartsIn(document: YamlNode): readonly ChartValues[] {
  const nested = below(document, [], 0);
  const named = nested.filter(({ node }) => /oauth2?[-_]?proxy/i.test(String(node.path.at(-1))));
  if (named.length > 0) return named;
  const own = certainChart(document);
  if (own !== undefined) return [{ chart: own, node: document, isNested: false, siblings: [] }];
  if (nested.length > 0) return nested;
  return fields(document).some(([name]) => isChartValue(name))
    ? [{ chart: 'official', node: document, isNested: false, siblings: [] }]
    : [];
}

/** Whether a document has values that only a chart of oauth2-proxy has. */
export function isSurelyChart(document: YamlNode): boolean {
  return certainChart(document) !== undefined || below(document, [], 0).length > 0;
}

function below(node: YamlNode, siblings: ChartValues['siblings'], depth: number): readonly ChartValues[] {
  if (depth >= maxDepth) return [];
  const all = fields(node);
  return all.flatMap(([name, inner]) => {
    if (!isMapping(inner.value)) return [];
    const others = [...siblings, ...all.filter(([other]) => other !== name)];
    const isNamed = /^oauth2?[-_]?proxy$/i.test(name) && !isOtherProduct(inner);
    const chart = certainChart(inner) ?? (isNamed ? 'official' : undefined);
    return chart === undefined
      ? below(inner, others, depth + 1)
      : [{ chart, node: inner, isNested: true, siblings: others }];
  });
}

/** Whether values below the name of oauth2-proxy belong to something else, such as an Ingress for it. */
function isOtherProduct(node: YamlNode): boolean {
  return !fields(node).some(([name]) => isChartValue(name));
}

const credentials = ['clientID', 'clientSecret', 'cookieSecret', 'existingSecret'];
const officialConfigNames = [...credentials, 'configFile', 'existingConfig', 'emailDomains', 'cookieName'];
const bitnamiConfigurationNames = [
  ...[...credentials, 'content', 'existingConfigmap', 'authenticatedEmailsFile'],
  ...['htpasswdFile', 'oidcIssuerUrl', 'redirectUrl', 'whiteList'],
];

/** The chart whose typical values a mapping has; undefined if there are none. */
function certainChart(node: YamlNode): Chart | undefined {
  const has = (name: string, known: readonly string[]) =>
    fields(child(node, name)).some(([inner]) => known.includes(inner));
  if (has('configuration', bitnamiConfigurationNames)) return 'bitnami';
  const isOfficial =
    has('config', officialConfigNames) ||
    has('alphaConfig', ['enabled', 'configData', 'configFile', 'existingConfig', 'existingSecret']) ||
    ['proxyVarsAsSecrets', 'sessionStorage', 'htpasswdFile', 'authenticatedEmailsFile'].some((name) =>
      Object.hasOwn((isMapping(node.value) ? node.value : {}) as object, name),
    ) ||
    hasFlag(child(node, 'extraArgs')) ||
    elements(child(node, 'extraEnv')).some((entry) =>
      (scalarText(child(entry, 'name')) ?? '').startsWith('OAUTH2_PROXY_'),
    );
  return isOfficial ? 'official' : undefined;
}

function hasFlag(node: YamlNode): boolean {
  const names = [
    ...fields(node).map(([name]) => name),
    ...elements(node).map((word) => /^--([^=]+)/.exec(scalarText(word) ?? '')?.[1] ?? ''),
  ];
  return names.some((name) => flagNamed(name) !== undefined);
}
