/** Two services in this process that share a store in memory, and the commands of their operator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { runRevoke } from '../../src/cli/revoke.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { fileFor, type RunningApp, startApp } from './app.ts';
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts';
import { connectGrpc } from './grpc-client.ts';
import { newSessionKey } from './session-key.ts';
import { createMemoryServer, type MemoryClient } from './state/memory-store.ts';

/** A service with a deny list in a store. */
export interface RevokingService extends RunningApp {
  readonly store: MemoryClient;
  /** The reason of a check with a token; `allowed` for an allow. */
  readonly reasonOf: (token: string) => Promise<string>;
  readonly admin: string;
  readonly readyz: () => Promise<{ readonly problems?: readonly object[] }>;
  readonly metric: (name: string) => Promise<string | undefined>;
}

/** Services that share a store. */
export interface RevokingFleet {
  readonly issuer: FakeIssuer;
  readonly keysFile: string;
  readonly start: (more?: string, keysFile?: string) => Promise<RevokingService>;
}

/** Creates an issuer and an empty store. */
export async function createRevokingFleet(): Promise<RevokingFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keysFile = join(folder, 'keys');
  writeFileSync(keysFile, newSessionKey());
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const server = createMemoryServer(systemClock);
  const start: RevokingFleet['start'] = async (more = 'denyList: {store: true}', keys = keysFile) => {
    const store = server.connect();
    const service = await startApp({
      issuer,
      store,
      file: `${fileFor('ISSUER')}state: {keysFile: ${keys}, valkey: {urls: ["redis://127.0.0.1:1"]}}\n${more}\n`,
    });
    const grpc = connectGrpc(service.grpcPort);
    onTestFinished(grpc.close);
    const admin = `http://127.0.0.1:${service.adminPort}`;
    return {
      ...service,
      store,
      admin,
      reasonOf: async (token: string) => {
        const { status, dynamicMetadata } = await grpc.check({
          headers: { authorization: `Bearer ${token}` },
        });
        return status?.code === 0 ? 'allowed' : String(dynamicMetadata?.fields?.reason?.stringValue);
      },
      readyz: async () => (await (await fetch(`${admin}/readyz`)).json()) as { problems?: object[] },
      metric: async (name: string) => {
        const text = await (await fetch(`${admin}/metrics`)).text();
        return new RegExp(`^oidc_authz_${name} (.+)$`, 'm').exec(text)?.[1];
      },
    };
  };
  return { issuer, keysFile, start };
}

/** Runs `oidc-authz revoke` in this process. */
export function runRevokeCommand(...args: readonly string[]) {
  const line = parseArguments(['revoke', ...args], (name) => name === '--list');
  return runRevoke(line, (path) => readFileSync(path, 'utf8'));
}
