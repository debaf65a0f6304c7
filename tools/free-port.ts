/** Finds ports for programs that tests start. */
import { randomInt } from 'node:crypto';
import net from 'node:net';

/**
 * Finds a free port, for a program that cannot listen on port 0. It is below the ports that Linux gives to connections and to
 * port 0 (from 32768), so only another caller of this function can take it before it is used.
 *
 * @throws Error if 100 ports are in use
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port found below 32768');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
