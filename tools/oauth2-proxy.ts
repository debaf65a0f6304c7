/** The real oauth2-proxy that tests compare this service with. */
import { answersWell, type RunningChild, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { type FoundProgram, goProgram } from './programs.ts';

/** The tested version. */
export const oauth2ProxyVersion = 'v7.15.6';

/** Searches for oauth2-proxy. Builds it if tests must have it. */
export function findOauth2Proxy(): Promise<FoundProgram> {
  return goProgram('oauth2-proxy', `github.com/oauth2-proxy/oauth2-proxy/v7@${oauth2ProxyVersion}`);
}

/** A running oauth2-proxy. */
export interface RunningOauth2Proxy extends RunningChild {
  readonly port: number;
}

/** Starts oauth2-proxy and waits until it answers. */
export async function startOauth2Proxy(path: string, flags: readonly string[]): Promise<RunningOauth2Proxy> {
  const port = await freePort();
  const isReady = () => answersWell(`http://127.0.0.1:${port}/ping`);
  const args = [...flags, `--http-address=127.0.0.1:${port}`];
  return { ...(await startChild('oauth2-proxy', path, args, isReady, {})), port };
}
