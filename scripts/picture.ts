/**
 * `npm run dashboard`: draws docs/images/dashboard.png. Runs the queries of the dashboard against a real Prometheus that scraped a real
 * service under load for a minute. It does not use Grafana and does not imitate its rendering.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAuthorizer } from '../demo/authorizer.ts';
import { createClient } from '../demo/browser.ts';
import { startIssuer } from '../demo/issuer.ts';
import { findPrometheus, type RunningPrometheus, type Series, startPrometheus } from '../tools/prometheus.ts';
import { queryWith } from './dashboard/grafana.ts';
import type { Panel } from './dashboard/panel.ts';
import { rows } from './dashboard/rows.ts';

const seconds = 75;
const root = fileURLToPath(new URL('../', import.meta.url));
const colours = ['#3b7dd8', '#e0752d', '#5aa454', '#c4162a', '#8f3bb8', '#0f9aa8', '#b8860b', '#6b7280'];

async function main(): Promise<void> {
  const program = await findPrometheus();
  if ('missing' in program) throw new Error(program.missing);
  const issuer = await startIssuer();
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-dashboard-'));
  const service = await startAuthorizer(issuer.url, folder);
  const { http: port, admin } = service.ports;
  const prometheus = await startPrometheus(program.path, admin);
  try {
    await Promise.all([
      traffic(port, await issuer.token('orders-client'), await issuer.token('short-lived-client')),
      logins(port),
    ]);
    const file = join(folder, 'dashboard.html');
    const { html, height } = await page(prometheus);
    writeFileSync(file, html);
    mkdirSync(`${root}docs/images`, { recursive: true });
    const picture = `${root}docs/images/dashboard.png`;
    const size = `--window-size=1240,${height}`;
    execFileSync(
      'chromium',
      ['--headless', '--no-sandbox', '--hide-scrollbars', size, `--screenshot=${picture}`, file],
      {
        stdio: 'ignore',
      },
    );
    process.stdout.write(`wrote ${picture}\n`);
  } finally {
    await prometheus.stop();
    await service.stop();
    await issuer.close();
  }
}

/** Sends allowed and denied checks for a minute, at a varying rate. */
async function traffic(port: number, good: string, expired: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const forged = `${good.slice(0, -8)}AAAAAAAA`;
  const send = (token: string) =>
    new Promise<void>((resolve) => {
      const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
      const options = { port, host: '127.0.0.1', agent, headers };
      http.get(options, (response) => response.resume().on('end', resolve)).on('error', () => resolve());
    });
  const end = performance.now() + seconds * 1000;
  for (let tick = 0; performance.now() < end; tick++) {
    const many = 6 + Math.round(4 * Math.sin(tick / 150));
    for (let index = 0; index < many; index++) void send(good);
    if (tick % 3 === 0) void send('');
    if (tick % 5 === 0) void send(forged);
    if (tick % 7 === 0) void send(expired);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  agent.destroy();
}

/** Signs people in for a minute, one in each second, directly at the check port. */
async function logins(port: number): Promise<void> {
  const origin = `http://localhost:${port}`;
  const end = performance.now() + seconds * 1000;
  for (let turn = 0; performance.now() < end; turn++) {
    const browser = createClient();
    await browser.open(`${origin}/orders`);
    if (turn % 8 === 0) await browser.open(`${origin}/.oidc-authz/callback?error=access_denied`);
    else await browser.signIn('alice');
    for (let pages = 0; pages < 4; pages++) await browser.open(`${origin}/orders/${pages}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function page(prometheus: RunningPrometheus): Promise<{ html: string; height: number }> {
  let [html, height] = ['', 24];
  for (const [row, panels] of Object.entries(rows)) {
    const isStats = panels.every(({ type }) => type === 'stat');
    const perLine = isStats ? panels.length : 3;
    height += 34 + Math.ceil(panels.length / perLine) * (isStats ? 92 : 202);
    const drawn = await Promise.all(panels.map((panel) => figure(panel, prometheus)));
    html += `<h2>${row}</h2><section style="grid-template-columns: repeat(${perLine}, 1fr)">${drawn.join('')}</section>`;
  }
  const style = `body{font:13px sans-serif;background:#f4f5f7;margin:12px;color:#222}h2{font-size:14px;margin:8px 0 4px}
section{display:grid;gap:8px}figure{background:#fff;border:1px solid #dde;margin:0;padding:8px;height:176px;overflow:hidden}
figure.stat{height:66px}figcaption{font-weight:600;margin-bottom:4px}.big{font-size:26px}.legend span{margin-right:10px;font-size:11px}`;
  return { html: `<!doctype html><meta charset="utf-8"><style>${style}</style>${html}`, height };
}

async function figure({ title, type, unit, queries }: Panel, prometheus: RunningPrometheus): Promise<string> {
  const series: { name: string; points: number[] }[] = [];
  for (const [legend, query] of Object.entries(queries)) {
    const found = await prometheus.queryRange(
      queryWith(query, 'namespace="oidc-authz"', '10s'),
      seconds - 10,
    );
    for (const one of found)
      series.push({
        name: legendOf(legend, one),
        points: (one.values ?? []).map(([, value]) => Number(value)),
      });
  }
  if (type === 'stat') {
    const last = series[0]?.points.at(-1);
    return `<figure class="stat"><figcaption>${title}</figcaption><div class="big">${last === undefined ? '–' : formatted(last, unit)}</div></figure>`;
  }
  const scale = type === 'heatmap' ? 'reqps' : unit;
  const top = Math.max(...series.flatMap(({ points }) => points.filter(Number.isFinite)), 0) || 1;
  const lines = series.slice(0, 14).map(({ points }, index) => {
    const at = (value: number, step: number) =>
      `${((step / Math.max(1, points.length - 1)) * 350 + 40).toFixed(1)},${(110 - (Math.min(value, top) / top) * 100).toFixed(1)}`;
    const path = points.map((value, step) => (Number.isFinite(value) ? at(value, step) : '')).join(' ');
    return `<polyline fill="none" stroke-width="1.6" stroke="${colours[index % colours.length]}" points="${path}"/>`;
  });
  const axis = `<line x1="40" y1="110" x2="392" y2="110" stroke="#ccc"/><text x="0" y="14" font-size="10">${formatted(top, scale)}</text><text x="0" y="112" font-size="10">0</text>`;
  const legend = series
    .slice(0, 6)
    .map(({ name }, index) => `<span style="color:${colours[index % colours.length]}">${name}</span>`)
    .join('');
  return `<figure><figcaption>${title}</figcaption><svg width="100%" height="116" viewBox="0 0 396 116">${axis}${lines.join('')}</svg><div class="legend">${legend}</div></figure>`;
}

function legendOf(legend: string, { metric }: Series): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
}

function formatted(value: number, unit: string): string {
  const short = (number: number) => Number(number.toPrecision(3)).toString();
  switch (unit) {
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 's':
      return value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`;
    case 'bytes':
      return `${short(value / 1024 ** 2)} MiB`;
    case 'reqps':
    case 'ops':
      return `${short(value)}/s`;
    default:
      return short(value);
  }
}

await main();
