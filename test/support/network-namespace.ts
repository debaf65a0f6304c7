/** Network namespaces for a process: with IPv6 only, or without IPv6. They need root, which CI has. */
import { execFileSync } from 'node:child_process';
import { type ServiceProcess, startCommand } from './process.ts';
import type { Found } from './real-servers.ts';

/** The kind of network. */
export type Kind = 'only IPv6' | 'only IPv4';

const preparations: Readonly<Record<Kind, string>> = {
  'only IPv6': 'ip link set lo up && ip addr del 127.0.0.1/8 dev lo',
  'only IPv4': 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up',
};

/** Whether network namespaces can be created here. */
export function findNetworkNamespaces(): Found {
  try {
    for (const preparation of Object.values(preparations))
      execFileSync('unshare', ['-n', 'sh', '-c', preparation], { stdio: 'pipe' });
    return { path: 'unshare' };
  } catch (error) {
    return {
      missing: `no network of its own can be made (unshare, ip, root): ${String(error).split('\n')[0]}`,
    };
  }
}

/** Starts `oidc-authz` in a network namespace. */
export function startInNetwork(kind: Kind, args: readonly string[]): ServiceProcess {
  const service = [process.execPath, 'src/main.ts', ...args];
  return startCommand('unshare', ['-n', 'sh', '-c', `${preparations[kind]} && exec "$@"`, 'sh', ...service]);
}

/** Requests a URL from the network of a process. Returns the status, or the code of the error. */
export function askWithin({ pid }: ServiceProcess, url: string): string {
  const program = `fetch(process.argv[1]).then((r) => console.log(r.status), (e) => console.log(e.cause?.code ?? e))`;
  return within(pid, program, url);
}

/** Connects from the network of a process. Returns `connected`, or the code of the error. */
export function connectWithin({ pid }: ServiceProcess, host: string, port: number): string {
  const program = `require('node:net').connect(process.argv[2], process.argv[1]).on('connect', () => { console.log('connected'); process.exit(); }).on('error', (e) => console.log(e.code))`;
  return within(pid, program, host, String(port));
}

function within(pid: number, program: string, ...args: readonly string[]): string {
  const command = ['-t', String(pid), '-n', process.execPath, '-e', program, ...args];
  return execFileSync('nsenter', command, { encoding: 'utf8', timeout: 30_000 }).trim();
}
