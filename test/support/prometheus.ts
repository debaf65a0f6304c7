/** A real Prometheus that scrapes a service. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/envoy.ts';
import { until } from './app.ts';

/** A series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [time: number, value: string];
  readonly values?: readonly (readonly [time: number, value: string])[];
}

/** A Prometheus that runs. */
export interface RunningPrometheus {
  /** Asks for the present. */
  readonly query: (query: string) => Promise<readonly Series[]>;
  /** Asks for the last seconds, a point each second. */
  readonly queryRange: (query: string, seconds: number) => Promise<readonly Series[]>;
  readonly stop: () => Promise<void>;
}

/** Starts it; it scrapes the admin port once a second. */
export async function startPrometheus(program: string, adminPort: number): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-prometheus-'));
  const config = join(folder, 'prometheus.json');
  const target = { targets: [`127.0.0.1:${adminPort}`], labels: { namespace: 'oidc-authz' } };
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'oidc-authz', static_configs: [target] }],
    }),
  );
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ask = async (path: string, parameters: Readonly<Record<string, string>>) => {
    const response = await fetch(
      `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters)}`,
    );
    const { status, data, error } = (await response.json()) as {
      status: string;
      data: { result: Series[] };
      error: string;
    };
    if (status !== 'success') throw new Error(`${error}: ${parameters.query}`);
    return data.result;
  };
  await until(() =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return {
    query: (query) => ask('query', { query }),
    queryRange: (query, seconds) => {
      const now = Date.now() / 1000;
      return ask('query_range', { query, start: String(now - seconds), end: String(now), step: '1' });
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
