/** A panel of the dashboard, and PromQL for its queries. */

/** A panel of the dashboard. */
export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap';
  /** A unit of Grafana. */
  readonly unit: string;
  readonly description: string;
  /** The alert whose runbook the panel links to. */
  readonly alert?: string;
  /** The value above which the panel is yellow. */
  readonly warnAbove?: number;
  /** The value above which the panel is red. */
  readonly alarmAbove?: number;
  /** PromQL by legend. `$at` is the selection of namespace, job and instance. */
  readonly queries: Readonly<Record<string, string>>;
  readonly stacked?: true;
}

/** The full name of a metric of the service. */
export const metric = (name: string): string => `oidc_authz_${name}`;

/** The rate of a counter, with further label matchers such as `, outcome="allow"`. */
export const rate = (name: string, matchers = ''): string =>
  `rate(${name}{$at${matchers}}[$__rate_interval])`;

export const checks: string = metric('checks_total');
export const duration: string = metric('check_duration_seconds');
