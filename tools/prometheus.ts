/** promtool and Prometheus, from the Debian package. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { debianProgram, type FoundProgram } from './programs.ts';

const run = promisify(execFile);

/** Searches for promtool. If it is not there, fetches it. */
export function findPromtool(): Promise<FoundProgram> {
  return debianProgram('usr/bin/promtool', ['prometheus']);
}

/** Searches for Prometheus. If it is not there, fetches it. */
export function findPrometheus(): Promise<FoundProgram> {
  return debianProgram('usr/bin/prometheus', ['prometheus']);
}

/** Runs promtool, and returns its output and whether it succeeded. */
export async function promtool(
  program: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly output: string }> {
  try {
    const { stdout, stderr } = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024 });
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}

/** A unit test of rules: series in promtool's notation, and the expected results of expressions. */
export interface RuleTest {
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** The interval of the points and evaluations; one minute by default. */
  readonly step?: string;
  readonly expression: string;
  readonly samples: readonly { readonly labels: string; readonly value: number }[];
}

/** Runs a unit test of rules. */
export function testRules(
  program: string,
  rules: string,
  { series, at, step = '1m', expression, samples }: RuleTest,
) {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-rules-')), 'test.json');
  const test = {
    interval: step,
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: [{ expr: expression, eval_time: at, exp_samples: samples }],
  };
  writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: step, tests: [test] }));
  return promtool(program, ['test', 'rules', file]);
}

/** A series in an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [time: number, value: string];
  readonly values?: readonly (readonly [time: number, value: string])[];
}

/** A running Prometheus. */
export interface RunningPrometheus {
  /** Evaluates a query now. */
  readonly query: (query: string) => Promise<readonly Series[]>;
  /** Evaluates a query over the last seconds, with a point each second. */
  readonly queryRange: (query: string, seconds: number) => Promise<readonly Series[]>;
  readonly stop: () => Promise<void>;
}

/** Starts Prometheus, which scrapes the admin port once a second. */
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
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  const end = performance.now() + 20_000;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > end) throw new Error('Prometheus did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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
