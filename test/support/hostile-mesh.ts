/** An authorizer with little CPU behind a real Envoy, under attack by hostile clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersWell, startChild } from '../../tools/child.ts';
import { startEnvoy } from '../../tools/envoy.ts';
import { freePort } from '../../tools/free-port.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { startWorkload, type Workload } from '../../tools/workload.ts';

/** The authorizer process, which shares a core. */
export interface StarvedService {
  /** Its run time and its wait time for a core, in milliseconds. */
  readonly cpu: () => { readonly ran: number; readonly waited: number };
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly adminPort: number;
  readonly log: () => string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** The first core that this process may run on. */
function firstCore(): string {
  const [, list = '0'] = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return list;
}

/**
 * Starts the service on one core, and processes that keep the same core busy. Each has an equal share.
 *
 * @param configuration YAML, without the listeners
 */
export async function startStarvedService(configuration: string, busy: number): Promise<StarvedService> {
  const core = firstCore();
  const folder = await mkdtemp(join(tmpdir(), 'oidc-authz-starved-'));
  const file = join(folder, 'config.yaml');
  const [httpPort, grpcPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(
    file,
    `${configuration}
http: {host: 127.0.0.1, port: ${httpPort}}
grpc: {host: 127.0.0.1, port: ${grpcPort}}
admin: {host: 127.0.0.1, port: ${adminPort}}
log: {checks: none}
`,
  );
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  const service = await startChild(
    'oidc-authz',
    'taskset',
    ['-c', core, process.execPath, main, '--config', file],
    () => answersWell(`http://127.0.0.1:${adminPort}/readyz`),
  );
  const hogs: ChildProcess[] = Array.from({ length: busy }, () =>
    spawn('taskset', ['-c', core, process.execPath, '-e', keepsBusy], { stdio: 'ignore' }),
  );
  return {
    httpPort,
    grpcPort,
    adminPort,
    log: service.log,
    pid: service.pid,
    cpu: () => {
      const [ran = 0, waited = 0] = readFileSync(`/proc/${service.pid}/schedstat`, 'utf8')
        .split(' ')
        .map(Number);
      return { ran: Math.round(ran / 1e6), waited: Math.round(waited / 1e6) };
    },
    stop: async () => {
      for (const hog of hogs) hog.kill('SIGKILL');
      await service.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Exits when its parent is gone, or after 10 minutes. */
const keepsBusy =
  'const parent = process.ppid; const end = Date.now() + 600_000; while (process.ppid === parent && Date.now() < end);';

/** An Envoy in front of a workload. */
export interface Gateway {
  readonly port: number;
  readonly pid: number;
  readonly adminPort: number;
  readonly workload: Workload;
  /** Envoy's counts of checks without a response, and of connections that the authorizer closed during checks. */
  readonly failures: () => Promise<Record<string, number>>;
  readonly stop: () => Promise<void>;
}

/** The counters of Envoy for checks without a response. */
const failureCounters = ['error', 'failure_mode_allowed', 'timeout'];

/** Starts an Envoy with an authorizer, and with the timeout of the entries in this project. */
export async function startGateway(
  envoyPath: string,
  options: Omit<MeshOptions, 'workload'>,
): Promise<Gateway> {
  const workload = await startWorkload();
  const envoy = await startEnvoy(envoyPath, (ports) =>
    istioSidecar({ timeout: 2, ...options, workload: workload.port }, ports),
  );
  return {
    port: envoy.port,
    pid: envoy.pid,
    adminPort: envoy.adminPort,
    workload,
    failures: async () => {
      const answer = await fetch(`http://127.0.0.1:${envoy.adminPort}/stats`);
      const counters = [...(await answer.text()).matchAll(/^(.+)\.(\w+): (\d+)$/gm)];
      const sum = (scope: RegExp, wanted: string) =>
        counters.reduce(
          (total, [, of = '', name, value]) =>
            total + (name === wanted && scope.test(of) ? Number(value) : 0),
          0,
        );
      const ofChecks = failureCounters.map((name) => [name, sum(/\.ext_authz$/, name)]);
      const lost = sum(/^cluster\.outbound\|authorizer$/, 'upstream_cx_destroy_remote_with_active_rq');
      return Object.fromEntries([...ofChecks, ['lost connections', lost]]);
    },
    stop: async () => {
      await envoy.stop();
      await workload.close();
    },
  };
}

/** One request of a client. */
export interface ClientRequest {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Buffer;
  /** Whether the client disconnects right after it sent the request. */
  readonly isCancelled?: boolean;
}

/** Sends a request through Envoy. Returns the status, or undefined if the client disconnected or the connection failed. */
export function sendThrough(
  port: number,
  request: ClientRequest,
  agent?: http.Agent,
): Promise<number | undefined> {
  const { method = 'GET', headers = {}, body, isCancelled = false } = request;
  return new Promise((resolve) => {
    const outgoing = http.request(
      {
        port,
        host: '127.0.0.1',
        path: '/orders',
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-length': body.length }) },
        agent: agent ?? false,
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
        response.once('error', () => resolve(undefined));
      },
    );
    outgoing.once('error', () => resolve(undefined));
    outgoing.end(body, () => {
      if (isCancelled) setImmediate(() => outgoing.destroy(new Error('the client went away')));
    });
  });
}

/** Sends many requests at once, each on its own connection. Returns the count of each status. */
export async function storm(
  port: number,
  count: number,
  requestOf: (index: number) => ClientRequest,
): Promise<Record<string, number>> {
  const statuses = await Promise.all(
    Array.from({ length: count }, (_, index) => sendThrough(port, requestOf(index))),
  );
  return Object.fromEntries(
    [...Map.groupBy(statuses, String)].map(([status, those]) => [status, those.length]),
  );
}
