/** The other programs that groups run. They are fetched before the first group, so that no group measures a build. */
import { findBareGoServers } from '../tools/bare-servers.ts';
import { findEnvoy } from '../tools/envoy.ts';
import { findHpackOracle } from '../tools/hpack-oracle.ts';
import { findOauth2Proxy } from '../tools/oauth2-proxy.ts';
import { type FoundProgram, goProgram } from '../tools/programs.ts';
import { findRedis } from '../tools/redis.ts';

/** Searches for k6. Builds it if it is not there. */
export function findK6(): Promise<FoundProgram> {
  return goProgram('k6', 'go.k6.io/k6@v1.3.0');
}

const programs: Readonly<Record<string, () => Promise<FoundProgram>>> = {
  'bare Go servers': findBareGoServers,
  'oauth2-proxy': findOauth2Proxy,
  Envoy: findEnvoy,
  k6: findK6,
  'redis-server': findRedis,
  'the decoder of Go': findHpackOracle,
};

/** Fetches every program, and says which one is missing. Its groups say so too. */
export async function fetchPrograms(say: (line: string) => void): Promise<void> {
  for (const [name, find] of Object.entries(programs)) {
    const found = await find();
    if ('missing' in found) say(`${name}: ${found.missing}`);
  }
}
