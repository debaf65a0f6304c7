/** Binds a server to its address. */
import type { AddressInfo, Server } from 'node:net';
import { type BindAddress, bindProblem } from './bind-problem.ts';
import type { BoundAddress } from './listener.ts';

/** The wildcard addresses in the order of attempts. The first one accepts IPv6 and IPv4. */
const everywhere = ['::', '0.0.0.0'];

/** Error codes for an address family that the machine does not have. */
const noAddressFamily = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** Binds a server and listens. Rejects with an Error that names the option. */
export async function listen(server: Server, wanted: BindAddress): Promise<BoundAddress> {
  const { host, port } = wanted;
  // An IPv6 address may have brackets, as in URLs.
  const hosts = host === undefined ? everywhere : [host.replace(/^\[(.*)\]$/, '$1')];
  for (const [index, address] of hosts.entries()) {
    try {
      return await bind(server, address, port);
    } catch (error) {
      const isLast = index === hosts.length - 1;
      if (isLast || !noAddressFamily.includes(String((error as NodeJS.ErrnoException).code)))
        throw bindProblem(error, wanted);
    }
  }
  throw new TypeError('there is always an address to try');
}

function bind(server: Server, host: string, port: number): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    const listening = () => {
      server.off('error', failed);
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    };
    const failed = (error: Error) => {
      server.off('listening', listening);
      reject(error);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen({ host, port, backlog: 4096 });
  });
}
