/** A TCP proxy that cuts, delays or swallows what passes, as a bad network does. */
import net, { type AddressInfo } from 'node:net';

/** A proxy in front of one port. */
export interface TcpProxy {
  readonly port: number;
  /** Connections so far. */
  readonly accepted: () => number;
  /** Open connections. */
  readonly open: () => number;
  /** Closes all connections with a reset. Later ones work. */
  readonly cut: () => void;
  /** Closes all connections, and each new one at once, until {@link pass}. */
  readonly refuse: () => void;
  /** Keeps connections open and accepts new ones, but passes no byte on, until {@link pass}. */
  readonly swallow: () => void;
  /** Delays each byte in both directions, in milliseconds. */
  readonly delay: (milliseconds: number) => void;
  /** Passes everything at once. Connections that lost bytes are closed. */
  readonly pass: () => void;
  /** Sends new connections to another port. */
  readonly moveTo: (port: number) => void;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy on a port of its own, in front of a port of this machine. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let to = target;
  let mode: 'pass' | 'refuse' | 'swallow' = 'pass';
  let lag = 0;
  let count = 0;
  const pairs = new Map<net.Socket, { other: net.Socket; hasLost: boolean }>();
  const reset = (client: net.Socket) => {
    client.resetAndDestroy();
    pairs.get(client)?.other.destroy();
  };
  const cut = () => {
    for (const client of pairs.keys()) reset(client);
  };
  const server = net.createServer((client) => {
    count++;
    if (mode === 'refuse') return void client.resetAndDestroy();
    const other = net.connect(to, '127.0.0.1');
    const pair = { other, hasLost: false };
    pairs.set(client, pair);
    const link = (from: net.Socket, onto: net.Socket) => {
      // Later bytes wait for earlier ones, also when the delay has become shorter.
      let waiting = 0;
      let order = Promise.resolve();
      const writeLate = async (bytes: Buffer, earlier: Promise<void>, time: Promise<void>) => {
        await Promise.all([earlier, time]);
        waiting--;
        if (onto.writable) onto.write(bytes);
      };
      from.on('data', (bytes: Buffer) => {
        if (mode === 'swallow') pair.hasLost = true;
        else if (lag === 0 && waiting === 0) onto.write(bytes);
        else {
          waiting++;
          order = writeLate(bytes, order, new Promise((resolve) => setTimeout(resolve, lag)));
        }
      });
      from.on('error', () => {});
      from.on('close', () => {
        onto.destroy();
        pairs.delete(client);
      });
    };
    link(client, other);
    link(other, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => count,
    open: () => pairs.size,
    cut,
    refuse: () => {
      mode = 'refuse';
      cut();
    },
    swallow: () => {
      mode = 'swallow';
    },
    delay: (milliseconds) => {
      lag = milliseconds;
    },
    pass: () => {
      mode = 'pass';
      lag = 0;
      for (const [client, { hasLost }] of pairs) if (hasLost) reset(client);
    },
    moveTo: (port) => {
      to = port;
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
