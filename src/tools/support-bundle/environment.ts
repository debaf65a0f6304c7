/** Facts about the machine and the process of the command. */
import { availableParallelism, release, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Variables that change how the service works. Only their names are collected. */
const relevantName =
  /^(OIDC_AUTHZ_\w+|(HTTP|HTTPS|NO|ALL)_PROXY|NODE_\w+|UV_\w+|SSL_CERT_(FILE|DIR)|OPENSSL_\w+|TZ|LANG|LC_ALL|NO_COLOR)$/i;

const cgroupFiles = ['cpu.max', 'memory.max', 'memory.high', 'memory.current', 'pids.max'] as const;

/** The facts. */
export interface EnvironmentFacts {
  readonly node: string;
  readonly openssl: string | undefined;
  readonly platform: string;
  readonly kernel: string;
  /** Whether Node's permission model is on. */
  readonly hasPermissionModel: boolean;
  readonly isKubernetes: boolean;
  /** The names of the variables that are set. */
  readonly variables: readonly string[];
  /** Cores that the process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly heapLimitBytes: number;
  /** The limits of the control group, as the kernel writes them. A limit that is absent is not readable. */
  readonly cgroup: Readonly<Record<string, string>>;
}

/** Collects the facts. */
export function environmentFacts(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): EnvironmentFacts {
  const isSet = (name: string) => environment[name] !== undefined;
  return {
    node: process.versions.node,
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    hasPermissionModel: process.permission !== undefined,
    isKubernetes: isSet('KUBERNETES_SERVICE_HOST'),
    variables: Object.keys(environment)
      .filter((name) => isSet(name) && relevantName.test(name))
      .toSorted(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    cgroup: Object.fromEntries(cgroupFiles.flatMap((name) => cgroupEntry(name, readFile))),
  };
}

function cgroupEntry(name: string, readFile: (path: string) => string): [string, string][] {
  try {
    return [[name, readFile(`/sys/fs/cgroup/${name}`).trim().slice(0, 100)]];
  } catch {
    return [];
  }
}
