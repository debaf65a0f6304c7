/** The Grafana dashboard, as the JSON that Grafana imports. */
import type { Panel } from './panel.ts';
import { rows } from './rows.ts';

/** The label matchers of every query. */
const selection = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"';

/** A query with other label matchers, to run it without Grafana. */
export function queryWith(query: string, select: string, rateInterval: string): string {
  return query.replaceAll('$at', select).replaceAll('$__rate_interval', rateInterval).replaceAll('{, ', '{');
}

/** The JSON of the dashboard. */
export function dashboardJson(): string {
  const panels: object[] = [];
  let [id, y] = [1, 0];
  for (const [row, members] of Object.entries(rows)) {
    panels.push({
      id: id++,
      type: 'row',
      title: row,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
      panels: [],
    });
    const isStats = members.every(({ type }) => type === 'stat');
    const [perLine, h] = isStats ? [4, 4] : [Math.min(3, members.length), 8];
    const w = Math.floor(24 / perLine);
    members.forEach((panel, index) => {
      const gridPos = { x: (index % perLine) * w, y: y + Math.floor(index / perLine) * h, w, h };
      panels.push({ id: id++, gridPos, ...toGrafana(panel) });
    });
    y += Math.ceil(members.length / perLine) * h;
  }
  const dashboard = {
    uid: 'oidc-authz',
    title: 'oidc-authz',
    description: 'An external authorizer for Envoy, Istio and Kyma.',
    tags: ['oidc-authz', 'envoy', 'ext_authz'],
    schemaVersion: 41,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: variables() },
    annotations: { list: [firingAlerts()] },
    links: [
      {
        type: 'link',
        title: 'Runbooks',
        icon: 'doc',
        targetBlank: true,
        url: `${runbooks}README.md`,
      },
    ],
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: '$' + '{datasource}' };

/** The chart replaces this prefix with `runbookBaseUrl`. Without one, it removes the links. */
const runbooks = 'docs/runbooks/';

function toGrafana(panel: Panel): object {
  const { title, type, unit, description, queries, stacked, alert } = panel;
  const targets = Object.entries(queries).map(([legend, query], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    expr: query.replaceAll('$at', selection),
    legendFormat: legend,
    ...(type === 'heatmap' && { format: 'heatmap' }),
  }));
  const steps = stepsOf(panel);
  const custom = {
    ...(stacked === true ? { fillOpacity: 30, stacking: { mode: 'normal' } } : { fillOpacity: 5 }),
    ...(steps.length > 1 && { thresholdsStyle: { mode: 'dashed' } }),
  };
  const options = {
    timeseries: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    stat: {
      reduceOptions: { calcs: ['lastNotNull'] },
      graphMode: 'area',
      colorMode: steps.length > 1 ? 'background' : 'value',
    },
    heatmap: { calculate: false, yAxis: { unit }, color: { mode: 'scheme', scheme: 'Oranges' } },
  }[type];
  const defaults = {
    unit,
    min: 0,
    thresholds: { mode: 'absolute', steps },
    ...(type === 'stat' && { color: { mode: 'thresholds' } }),
    ...(type === 'timeseries' && { custom }),
  };
  return {
    title,
    type,
    description,
    datasource,
    fieldConfig: { defaults, overrides: type === 'timeseries' ? [limitLines] : [] },
    options,
    targets,
    ...(alert !== undefined && {
      links: [{ title: `Runbook: ${alert}`, url: `${runbooks}${alert}.md`, targetBlank: true }],
    }),
  };
}

/** Draws the limit from the configuration as a dashed line. */
const limitLines = {
  matcher: { id: 'byName', options: 'keys.maxStale' },
  properties: [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } }],
};

function stepsOf({ warnAbove, alarmAbove }: Panel): object[] {
  // A step includes its value, and 0 must be green.
  const from = (value: number) => (value === 0 ? 1 : value);
  return [
    { color: 'green', value: null },
    ...(warnAbove === undefined ? [] : [{ color: 'yellow', value: from(warnAbove) }]),
    ...(alarmAbove === undefined ? [] : [{ color: 'red', value: from(alarmAbove) }]),
  ];
}

/** Annotations on every panel while an alert fires. */
function firingAlerts(): object {
  return {
    name: 'Alerts',
    datasource,
    enable: true,
    iconColor: 'red',
    expr: 'ALERTS{alertname=~"OidcAuthz.*", alertstate="firing", namespace=~"$namespace", job=~"$job"}',
    step: '60s',
    titleFormat: '{{alertname}}',
    textFormat: '{{issuer}} {{severity}}',
    tagKeys: 'alertname,severity',
  };
}

function variables(): object[] {
  const fromLabel = (name: string, above: string) => ({
    name,
    type: 'query',
    datasource,
    query: { query: `label_values(oidc_authz_build_info${above}, ${name})`, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    // Also matches series without the label.
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  });
  return [
    { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
    fromLabel('namespace', ''),
    fromLabel('job', '{namespace=~"$namespace"}'),
    fromLabel('instance', '{namespace=~"$namespace", job=~"$job"}'),
  ];
}
