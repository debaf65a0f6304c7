/** The rules for Prometheus: each alert fires in its cases and in no other. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findPromtool, promtool, testRules } from '../../tools/prometheus.ts';
import { describeWith } from '../support/real-servers.ts';
import { alertCases } from './alerts.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const file = `${root}charts/oidc-authz/files/rules.yaml`;

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const rules = parse(readFileSync(file, 'utf8')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
) as Rule[];
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));

describeWith('promtool', await findPromtool(), (program) => {
  test('accepts the rules', async () => {
    expect(await promtool(program, ['check', 'rules', file])).toMatchObject({
      ok: true,
      output: expect.stringContaining(`${rules.length} rules found`),
    });
  });

  test.each(alertCases)(
    '$alert: $when',
    { timeout: 300_000 },
    async ({ alert, series, at, step = '1m', fires }) => {
      const severity = alerts.find((rule) => rule.alert === alert)?.labels?.severity;
      const labels = {
        alertname: alert,
        alertstate: 'firing',
        severity,
        namespace: 'a',
        job: 'authz',
        ...fires,
      };
      const text = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      const result = await testRules(program, file, {
        series,
        at,
        step,
        expression: `ALERTS{alertname="${alert}", alertstate="firing"}`,
        samples: fires === undefined ? [] : [{ labels: `ALERTS{${text.join(',')}}`, value: 1 }],
      });
      expect(result).toMatchObject({ ok: true });
    },
  );

  test.each(['error', 'slow', 'deny'])(
    'the share of checks with %s includes all transports and pods',
    async (kind) => {
      const count = 'oidc_authz_check_duration_seconds_count';
      const window = kind === 'deny' ? '30m' : '5m';
      const result = await testRules(program, file, {
        series: {
          [`${count}{namespace="a",job="authz",pod="1",transport="http",outcome="allow"}`]: '0+60x60',
          [`${count}{namespace="a",job="authz",pod="2",transport="grpc",outcome="deny"}`]: '0+30x60',
          [`${count}{namespace="a",job="authz",pod="2",transport="http",outcome="error"}`]: '0+10x60',
          'oidc_authz_check_duration_seconds_bucket{namespace="a",job="authz",pod="1",transport="http",outcome="allow",le="0.025"}':
            '0+80x60',
          [`${count}{namespace="b",job="authz",pod="1",transport="http",outcome="allow"}`]: '0+100x60',
          [`${count}{namespace="b",job="authz",pod="1",transport="http",outcome="${kind === 'slow' ? 'deny' : kind}"}`]:
            '0x60',
          'oidc_authz_check_duration_seconds_bucket{namespace="b",job="authz",pod="1",transport="http",outcome="allow",le="0.025"}':
            '0+100x60',
        },
        at: '50m',
        expression: `round(oidc_authz:checks_${kind}:ratio_rate${window}, 0.000001)`,
        samples: [
          { labels: '{namespace="a", job="authz"}', value: { error: 0.1, slow: 0.2, deny: 0.3 }[kind] ?? 0 },
          { labels: '{namespace="b", job="authz"}', value: 0 },
        ],
      });
      expect(result).toMatchObject({ ok: true });
    },
  );

  test('reports a test that expects another value', async () => {
    const result = await testRules(program, file, {
      series: { 'oidc_authz_config_last_reload_successful{namespace="a",job="authz"}': '1x20' },
      at: '10m',
      expression: 'oidc_authz_config_last_reload_successful',
      samples: [],
    });
    expect(result.ok).toBe(false);
  });
});

describe('each alert', () => {
  test('has a case in which it fires and one in which it does not', () => {
    for (const { alert } of alerts) {
      const cases = alertCases.filter((one) => one.alert === alert);
      expect([alert, new Set(cases.map(({ fires }) => fires !== undefined)).size]).toEqual([alert, 2]);
    }
    expect(alertCases.filter(({ alert }) => !alerts.some((rule) => rule.alert === alert))).toEqual([]);
  });

  test('has a summary, a description, a severity and a runbook', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, labels?.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)]);
      expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
      expect(annotations?.runbook).toBe(`docs/runbooks/${alert}.md`);
      expect([alert, existsSync(`${root}docs/runbooks/${alert}.md`)]).toEqual([alert, true]);
    }
  });

  test('has a row in the index of runbooks, and no other runbook exists', () => {
    const pages = readdirSync(`${root}docs/runbooks`).filter((name) => name !== 'README.md');
    expect(pages.toSorted()).toEqual(alerts.map(({ alert }) => `${alert}.md`).toSorted());
    const index = readFileSync(`${root}docs/runbooks/README.md`, 'utf8');
    for (const { alert, labels } of alerts)
      expect(index).toMatch(new RegExp(`\\| \\[${alert}\\]\\(${alert}\\.md\\) \\| ${labels?.severity} \\|`));
  });
});
