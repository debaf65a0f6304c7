/** Kyma's load test with k6, scaled down to this machine, through a real Envoy. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { type Authorization, envoyConfig } from '../envoy-config.ts';
import { spread } from '../measure.ts';
import { findK6 } from '../programs.ts';
import { one, type Row, type Table } from '../report/table.ts';
import { trusting } from '../servers.ts';
import { type Group, required } from './group.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../k6/kyma.js', import.meta.url));
const users = 50;
const seconds = 10;

/** The load of many users, with Envoy, service and load on the same cores. */
export const kyma: Group = {
  name: 'kyma',
  title: "Kyma's load test",
  run: async ({ mint: { mint, issuer, jwks }, pool, say }) => {
    const envoyPath = required('Envoy', await findEnvoy());
    const k6Path = required('k6', await findK6());
    const [token = ''] = mint(1);
    const service = await pool.service(trusting(issuer.url), { isFree: true });
    const base = 'no authorization';
    const variants: [name: string, authorization: Authorization][] = [
      [base, { kind: 'none' }],
      ["Envoy's own jwt_authn", { kind: 'jwt_authn', issuer: issuer.url, jwks }],
      ['oidc-authz over HTTP', { kind: 'ext_authz', protocol: 'http', port: service.port }],
      ['oidc-authz over gRPC', { kind: 'ext_authz', protocol: 'grpc', port: service.ports.grpc ?? 0 }],
    ];
    const rows: Row[] = [];
    let baseRate = Number.NaN;
    for (const [name, authorization] of variants) {
      say(name);
      const running = await startEnvoy(envoyPath, (ports) => envoyConfig(authorization, ports));
      const { perMinute, here } = await runK6(k6Path, `http://127.0.0.1:${running.port}/orders/1`, token);
      await running.stop();
      if (name === base) baseRate = perMinute;
      rows.push({ name, ratio: spread([perMinute / baseRate]), against: base, here });
    }
    const ours: Table = {
      title: `Successful requests of ${users} virtual users for ${seconds} s; more is better`,
      here: 'requests a minute; median, p95 and p99 in ms',
      rows,
      note: "k6, Envoy and the service share the cores. The script is [bench/k6/kyma.js](../bench/k6/kyma.js). Against a cluster it runs like Kyma's, with 500 users for a minute.",
    };
    return { tables: [ours, published] };
  },
};

/** The figures of kyma-project/api-gateway, `docs/contributor/04-20-apirule-performance.md`. */
const publishedRates = [
  ['no authorization', 242_342, '110.9'],
  ['Istio JWT', 208_437, '126.5'],
  ['Oathkeeper, JWT', 63_262, '434.8'],
  ['Oathkeeper, introspection', 22_295, '1,210'],
] as const;
const published: Table = {
  title: 'Published by Kyma: 500 virtual users for a minute, in a cluster on GCP, with sidecars',
  place: "Kyma's cluster",
  here: 'requests a minute; median in ms',
  rows: publishedRates.map(([name, perMinute, median]) => ({
    name,
    ratio: spread([perMinute / publishedRates[0][1]]),
    against: publishedRates[0][0],
    here: `${perMinute.toLocaleString('en')}; ${median}`,
  })),
  note: "**These figures are Kyma's own, not ours**, from other machines and with 500 users instead of 50. Compare only the distance of each row to the first row of its table. Source: kyma-project/api-gateway, `docs/contributor/04-20-apirule-performance.md`.",
};

/** Runs k6. @throws Error if a request failed */
async function runK6(path: string, url: string, token: string) {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-k6-'));
  const summary = join(folder, 'summary.json');
  const environment = {
    TARGET_URL: url,
    TOKEN: token,
    USERS: String(users),
    RAMP: '2s',
    DURATION: `${seconds}s`,
  };
  const settings = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  await run(path, ['run', '--quiet', '--summary-export', summary, ...settings, script], { timeout: 120_000 });
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8'));
  rmSync(folder, { recursive: true });
  const { passes, fails } = metrics.checks;
  if (fails > 0) throw new Error(`${fails} requests through Envoy failed`);
  const times = metrics.http_req_duration;
  const perMinute = (passes / (metrics.iterations.count / metrics.iterations.rate)) * 60;
  return {
    perMinute,
    here: `${Math.round(perMinute).toLocaleString('en')}; ${one(times.med)}, ${one(times['p(95)'])}, ${one(times['p(99)'])}`,
  };
}
