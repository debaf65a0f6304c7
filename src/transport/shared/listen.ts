/** Binds a server to its address. */
import type { AddressInfo, Server } from 'node:net';
import { bindProblem, type Wanted } from './bind-problem.ts';
import type { BoundAddress } from './listener.ts';

/** All addresses of the machine: of both kinds where it has IPv6, else of the other. */
const everywhere = ['::', '0.0.0.0'];

/** What says that a machine does not have an address of some kind. */
const kindIsMissing = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** Binds a server and listens; rejects where that is not possible, with an Error that names the option. */
export async function listen(server: Server, where: Wanted): Promise<BoundAddress> {
  const { host, port } = where;
  // An IPv6 address may be written in brackets, as URLs do.
  const hosts = host === undefined ? everywhere : [host.replace(/^\[(.*)\]$/, '$1')];
  for (const [index, address] of hosts.entries()) {
    try {
      return await bind(server, address, port);
    } catch (error) {
      const isLast = index === hosts.length - 1;
      if (isLast || !kindIsMissing.includes(String((error as NodeJS.ErrnoException).code)))
        throw bindProblem(error, where);
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
