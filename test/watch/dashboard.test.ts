/** The dashboard and the rules, compared with a real scrape of a running service. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { queryWith } from '../../scripts/dashboard/grafana.ts';
import { rows } from '../../scripts/dashboard/rows.ts';
import type { StateEvents } from '../../src/state/state-events.ts';
import { findPrometheus, findPromtool, startPrometheus } from '../../tools/prometheus.ts';
import { fileFor, type RunningApp, startApp, until } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { describeWith } from '../support/real-servers.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rules = readFileSync(`${root}charts/oidc-authz/files/rules.yaml`, 'utf8');
const dashboard = JSON.parse(readFileSync(`${root}charts/oidc-authz/files/dashboard.json`, 'utf8'));

const keysFile = join(mkdtempSync(join(tmpdir(), 'oidc-authz-dashboard-')), 'keys');
writeFileSync(keysFile, `${randomBytes(32).toString('base64')}\n`);

/** The cache holds one proof. One rule decides, one rule is in shadow mode, and one has a login. */
const more = `
login: {hosts: [orders.example.com], listener: {enabled: true, host: 127.0.0.1, port: 0}}
sessions: {keysFile: ${keysFile}, backChannelLogout: true}
dpop: {origins: ["http://orders.example.com"], maxProofs: 1, store: local}
denyList: {store: true}
state: {valkey: {urls: ["rediss://valkey.example.com"]}}
policies:
  - name: shop
    pathPrefix: /shop
    rules:
      - {name: tried, mode: shadow, match: {paths: [/tried]}, require: {scopes: [orders.admin]}}
      - {name: people, match: {paths: [/people]}, require: {login: [main]}}
      - {name: rest, require: {}}
grpcPolicy: shop
`;

/** Receives events of the store; the store in memory has none. */
const stores = new Map<RunningApp, StateEvents>();

/** A service in which every metric has counted an event. */
async function eventfulService(): Promise<RunningApp> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  issuer.jwks = (_, response) =>
    response.writeHead(200).end(
      JSON.stringify({
        keys: [{ kty: 'oct' }, { kty: 'RSA' }, ...issuer.keys.map(({ publicJwk }) => publicJwk)],
      }),
    );
  let events: StateEvents | undefined;
  const service = await startApp({
    issuer,
    store: (dependencies) => {
      events = dependencies.events;
      return createMemoryServer(dependencies.clock).connect();
    },
    file: `${fileFor(issuer.url).replace('name: main', 'name: main, boundTokens: verify, login: {clientId: shop, clientAuthentication: none}')}${more}`,
  });
  if (events !== undefined) stores.set(service, events);
  await service.app.reload(service.config);
  service.app.reloadFailed(new Error('a reload that failed'));
  await sendChecks(service);
  // The metric appears with the first garbage collection.
  await until(async () => {
    Array.from({ length: 100_000 }, (_, index) => ({ index }));
    return (await scrape(service)).includes('nodejs_gc_duration_seconds_sum{');
  });
  return service;
}

async function sendChecks(service: RunningApp): Promise<void> {
  const { issuer, httpPort, grpcPort } = service;
  for (const result of ['success', 'full'] as const) stores.get(service)?.operation('set', result, 0.001);
  const token = await issuer.mint({ claims: { email: 'b\u00f6se' } });
  const grpc = connectGrpc(grpcPort);
  for (const headers of [[], [`authorization: Bearer ${token}`], [`authorization: Bearer ${token}`]])
    for (const path of ['/shop/orders', '/shop/tried'])
      await exchange(httpPort, request('GET', path, headers));
  await grpc.check({ headers: { authorization: `Bearer ${token}` } });
  const state = `again.${randomBytes(32).toString('base64url')}`;
  const lost = `/shop/.oidc-authz/callback?code=x&state=${state}`;
  await exchange(httpPort, request('GET', lost, ['accept: text/html']));
  await connectWithTls(httpPort);
  // The cache holds one proof, so the second one is denied.
  const key = await createSigningKey('c', 'ES256');
  const bound = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
  for (let index = 0; index < 2; index++) {
    const proof = await makeProof(key, bound, { claims: { htu: 'http://orders.example.com/orders' } });
    await exchange(
      httpPort,
      request('GET', '/shop/orders', [`authorization: DPoP ${bound}`, `dpop: ${proof}`]),
    );
  }
  grpc.close();
}

/** Uses TLS on a plain port, and waits until the connection closes. */
async function connectWithTls(port: number): Promise<void> {
  const socket = tls.connect({ port, host: '127.0.0.1' });
  await once(socket, 'error');
}

const scrape = async ({ adminPort }: RunningApp) =>
  (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();

test('rules and dashboard use only existing metrics and labels', async () => {
  const text = await scrape(await eventfulService());
  const known = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? /gm)) {
    const set = known.get(name) ?? known.set(name, new Set()).get(name);
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) set?.add(label);
  }
  const queries = [
    rules,
    ...Object.values(rows).flatMap((panels) => panels.flatMap((panel) => Object.values(panel.queries))),
  ];
  const used = new Set<string>();
  for (const query of queries) {
    for (const [, name = '', matchers = ''] of query.matchAll(
      /\b((?:oidc_authz|nodejs|process)_[a-z0-9_]+)(?![a-z0-9_:])(?:\{([^}]*)\})?/g,
    )) {
      used.add(name);
      for (const [, label = ''] of matchers.matchAll(/([a-z]+)\s*!?=~?"/g))
        expect([name, label, known.get(name)?.has(label)]).toEqual([name, label, true]);
    }
  }
  expect(used.size).toBeGreaterThan(20);
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
});

test('every panel has a description, and links only to existing alerts', () => {
  const names = new Set([...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name));
  const named = new Set<string>();
  for (const panel of Object.values(rows).flat()) {
    expect([panel.title, panel.description]).toEqual([panel.title, expect.stringMatching(/^[A-Z].*\.$/)]);
    if (panel.alert === undefined) continue;
    expect([panel.title, names.has(panel.alert)]).toEqual([panel.title, true]);
    named.add(panel.alert);
  }
  expect(named.size).toBeGreaterThan(15);
});

test('the dashboard contains every panel once, and every query uses its variables', () => {
  const ids = dashboard.panels.map(({ id }: { id: number }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const panels = dashboard.panels.filter(({ type }: { type: string }) => type !== 'row');
  expect(panels).toHaveLength(Object.values(rows).flat().length);
  for (const { targets } of panels)
    for (const { expr } of targets)
      expect(expr).toContain('namespace=~"$namespace", job=~"$job", instance=~"$instance"');
});

describeWith('a real Prometheus', await findPrometheus(), (program) => {
  test('returns data for every panel', async () => {
    const service = await eventfulService();
    const prometheus = await startPrometheus(program, service.adminPort);
    onTestFinished(prometheus.stop);
    await until(async () => (await prometheus.query('oidc_authz_build_info')).length === 1);
    const empty = new Set(
      Object.values(rows).flatMap((panels) => panels.flatMap(({ queries }) => Object.values(queries))),
    );
    // A rate needs two scrapes with events between them.
    await until(async () => {
      await sendChecks(service);
      for (const query of empty)
        if (
          (await prometheus.query(queryWith(query, 'namespace="oidc-authz", job="oidc-authz"', '1m')))
            .length > 0
        )
          empty.delete(query);
      return empty.size === 0;
    }, 20).catch(() => {});
    expect([...empty]).toEqual([]);
  });
});

describeWith('promtool', await findPromtool(), (program) => {
  test('finds no problem in the names of the metrics', async () => {
    const text = await scrape(await eventfulService());
    const own = text
      .split('\n')
      .filter((line) => /^(# (HELP|TYPE) )?oidc_authz_/.test(line))
      .join('\n');
    const child = spawn(program, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.stdin.end(`${own}\n`);
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, output]).toEqual([0, '']);
  });
});
