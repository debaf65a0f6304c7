/** A process of a fleet. */
import { readFileSync } from 'node:fs';
import { temporaryFile } from '../login-issuer.ts';
import { type ServiceProcess, startProcess } from '../process.ts';

/** A running replica. */
export interface Replica {
  readonly service: ServiceProcess;
  readonly httpPort: number;
  readonly adminPort: number;
  /** The process and its workers. */
  readonly pids: () => readonly number[];
  /** The memory of the process and its workers, in MiB. */
  readonly residentMiB: () => number;
  /** The sum of a metric, by its name and a part of its labels. */
  readonly metric: (name: string, labels?: string) => Promise<number>;
}

/** The options of a replica. */
export interface ReplicaOptions {
  /** `state.valkey` in YAML, without braces. */
  readonly valkey: string;
  readonly workers?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a replica with a configuration without listeners, and waits until it is ready. It stops after the test at the latest. */
export async function startReplica(file: string, options: ReplicaOptions): Promise<Replica> {
  const { valkey, workers = 1, environment } = options;
  const path = temporaryFile(
    'oidc-authz.yaml',
    `${file}
state: {valkey: {${valkey}}}
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
log: {checks: none}
shutdown: {delay: 0s, timeout: 5s}
${workers === 1 ? '' : `workers: ${workers}\n`}`,
  );
  const service = startProcess(['--config', path], environment);
  await service.record(({ state }) => state === 'ready');
  const [httpPort, adminPort] = [await service.port('http'), await service.port('admin')];
  const { pid } = service;
  const pids = () => [
    pid,
    ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number),
  ];
  const sizeOf = (one: number) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1]) / 1024;
  return {
    service,
    httpPort,
    adminPort,
    pids,
    residentMiB: () => pids().reduce((sum, one) => sum + sizeOf(one), 0),
    metric: async (name, labels = '') => {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => /^\w+/.exec(line)?.[0] === name && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}
