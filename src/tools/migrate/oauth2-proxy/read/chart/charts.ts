/** Where among values those of oauth2-proxy are, and which of its charts they are for. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { child, elements, fields, type Spot, scalarText } from '../location.ts';
import { isChartValue } from './chart-values.ts';

/** The official chart, or Bitnami's. */
export type Chart = 'official' | 'bitnami';

/** The values for one of its charts. */
export interface ChartValues {
  readonly chart: Chart;
  readonly spot: Spot;
  /** Whether they are below the name that a chart of one's own gives to that of oauth2-proxy. */
  readonly isNested: boolean;
  /** The values beside those, up to the top. */
  readonly beside: readonly (readonly [name: string, spot: Spot])[];
}

/** How deep a chart of one's own may have the chart of oauth2-proxy. */
const deepest = 3;

/** Finds the values of oauth2-proxy's charts: at the top, or below the name of a dependency. */
export function chartsIn(document: Spot): readonly ChartValues[] {
  const nested = below(document, [], 0);
  const named = nested.filter(({ spot }) => /oauth2?[-_]?proxy/i.test(String(spot.path.at(-1))));
  if (named.length > 0) return named;
  const own = strongChart(document);
  if (own !== undefined) return [{ chart: own, spot: document, isNested: false, beside: [] }];
  if (nested.length > 0) return nested;
  return fields(document).some(([name]) => isChartValue(name))
    ? [{ chart: 'official', spot: document, isNested: false, beside: [] }]
    : [];
}

/** Whether a document has what nothing but values of a chart of oauth2-proxy has. */
export function isSurelyChart(document: Spot): boolean {
  return strongChart(document) !== undefined || below(document, [], 0).length > 0;
}

function below(spot: Spot, beside: ChartValues['beside'], depth: number): readonly ChartValues[] {
  if (depth >= deepest) return [];
  const all = fields(spot);
  return all.flatMap(([name, inner]) => {
    if (!isMapping(inner.value)) return [];
    const others = [...beside, ...all.filter(([other]) => other !== name)];
    const isNamed = /^oauth2?[-_]?proxy$/i.test(name) && !isOfOther(inner);
    const chart = strongChart(inner) ?? (isNamed ? 'official' : undefined);
    return chart === undefined
      ? below(inner, others, depth + 1)
      : [{ chart, spot: inner, isNested: true, beside: others }];
  });
}

/** Whether values below the name of oauth2-proxy are of something else: other values of it, such as an Ingress, have names of the chart. */
function isOfOther(spot: Spot): boolean {
  return !fields(spot).some(([name]) => isChartValue(name));
}

const credentials = ['clientID', 'clientSecret', 'cookieSecret', 'existingSecret'];
const ofConfig = [...credentials, 'configFile', 'existingConfig', 'emailDomains', 'cookieName'];
const ofConfiguration = [
  ...[...credentials, 'content', 'existingConfigmap', 'authenticatedEmailsFile'],
  ...['htpasswdFile', 'oidcIssuerUrl', 'redirectUrl', 'whiteList'],
];

/** The chart that values are for, where nothing else has such values. */
function strongChart(spot: Spot): Chart | undefined {
  const has = (name: string, known: readonly string[]) =>
    fields(child(spot, name)).some(([inner]) => known.includes(inner));
  if (has('configuration', ofConfiguration)) return 'bitnami';
  const isOfficial =
    has('config', ofConfig) ||
    has('alphaConfig', ['enabled', 'configData', 'configFile', 'existingConfig', 'existingSecret']) ||
    ['proxyVarsAsSecrets', 'sessionStorage', 'htpasswdFile', 'authenticatedEmailsFile'].some((name) =>
      Object.hasOwn((isMapping(spot.value) ? spot.value : {}) as object, name),
    ) ||
    hasFlag(child(spot, 'extraArgs')) ||
    elements(child(spot, 'extraEnv')).some((entry) =>
      (scalarText(child(entry, 'name')) ?? '').startsWith('OAUTH2_PROXY_'),
    );
  return isOfficial ? 'official' : undefined;
}

function hasFlag(spot: Spot): boolean {
  const names = [
    ...fields(spot).map(([name]) => name),
    ...elements(spot).map((word) => /^--([^=]+)/.exec(scalarText(word) ?? '')?.[1] ?? ''),
  ];
  return names.some((name) => flagNamed(name) !== undefined);
}
