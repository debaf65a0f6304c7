/** `npm run bench:kyma`: Kyma's load test with k6, scaled down to this machine, through a real Envoy. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEnvoy, startEnvoy } from '../tools/envoy.ts';
import { goProgram } from '../tools/programs.ts';
import { type Authorization, envoyConfig } from './envoy-config.ts';
import { one, type Table } from './groups/group.ts';
import { circumstances, storeResult, tableText } from './report.ts';
import { startService, trusting } from './servers.ts';
import { startMint } from './tokens.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('k6/kyma.js', import.meta.url));
const users = 50;
const seconds = 15;

const [envoy, k6] = [await findEnvoy(), await goProgram('k6', 'go.k6.io/k6@v1.3.0')];
for (const found of [envoy, k6]) {
  if ('path' in found) continue;
  process.stderr.write(`${found.missing}\n`);
  process.exit(1);
}
const [envoyPath, k6Path] = [envoy, k6].map((found) => ('path' in found ? found.path : ''));

const { mint, issuer } = await startMint();
const [token = ''] = mint(1);
const jwks = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
const service = await startService(trusting(issuer.url), { listener: 'http', isFree: true });
const variants: [name: string, authorization: Authorization][] = [
  ['no authorization', { kind: 'none' }],
  ["Envoy's own jwt_authn", { kind: 'jwt_authn', issuer: issuer.url, jwks }],
  ['oidc-authz over HTTP', { kind: 'ext_authz', protocol: 'http', port: service.port }],
  ['oidc-authz over gRPC', { kind: 'ext_authz', protocol: 'grpc', port: service.ports.grpc ?? 0 }],
];
const rows: string[][] = [];
for (const [name, authorization] of variants) {
  const running = await startEnvoy(envoyPath ?? '', (ports) => envoyConfig(authorization, ports));
  rows.push([name, ...(await runK6(`http://127.0.0.1:${running.port}/orders/1`))]);
  await running.stop();
}
await service.stop();
await issuer.close();

const columns = ['', 'successful requests a minute', 'median, ms', 'p95, ms', 'p99, ms', 'failed'];
const ours: Table = {
  title: `${users} virtual users for ${seconds} s, k6, Envoy, service and load on the same cores`,
  columns,
  rows,
  note: "The script is [bench/k6/kyma.js](../bench/k6/kyma.js). Against a cluster it runs like Kyma's, with 500 users for a minute.",
};
const theirs: Table = {
  title: 'Published by Kyma: 500 virtual users for a minute, in a cluster on GCP, with sidecars',
  columns: ['case', 'successful requests a minute', 'median, ms', 'failed'],
  rows: [
    ['no authorization', '242,342', '110.9', ''],
    ['Istio JWT', '208,437', '126.5', ''],
    ['Oathkeeper, JWT', '63,262', '434.8', ''],
    ['Oathkeeper, introspection', '22,295', '1,210', '99'],
  ],
  note: "**These figures are Kyma's own, not ours**, from other machines and with 500 users instead of 50. Compare only the distance of each row to the first row of its table. Source: kyma-project/api-gateway, `docs/contributor/04-20-apirule-performance.md`.",
};
storeResult({ name: 'kyma' }, { tables: [ours, theirs], circumstances: circumstances(1, 0) });
process.stdout.write([ours, theirs].map(tableText).join('\n'));
process.exit();

/** Runs k6, and returns the figures of a row. */
async function runK6(url: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-k6-'));
  const summary = join(folder, 'summary.json');
  const environment = {
    TARGET_URL: url,
    TOKEN: token,
    USERS: String(users),
    RAMP: '3s',
    DURATION: `${seconds}s`,
  };
  const settings = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  await run(k6Path ?? '', ['run', '--quiet', '--summary-export', summary, ...settings, script], {
    timeout: 120_000,
  });
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8'));
  rmSync(folder, { recursive: true });
  const { passes, fails } = metrics.checks;
  const times = metrics.http_req_duration;
  const perMinute = (passes / (metrics.iterations.count / metrics.iterations.rate)) * 60;
  return [
    Math.round(perMinute).toLocaleString('en'),
    one(times.med),
    one(times['p(95)']),
    one(times['p(99)']),
    String(fails),
  ];
}
