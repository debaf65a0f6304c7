/** The owner of an issuer's keys and the client of its logins, as the service creates them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/declare/options.ts';
import type { Issuer } from '../../src/issuer/issuer.ts';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import { createLoginClients } from '../../src/login/client/create-login-clients.ts';
import type { AuthorizationStart, LoginClient } from '../../src/login/login-client.ts';
import type { LoginIssuer } from '../../src/login/login-issuer.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { type Clock, systemClock } from '../../src/runtime/time/clock.ts';
import { configOf } from './app.ts';

/** An issuer with its client. */
export interface TestLoginIssuer {
  readonly config: Config;
  readonly issuer: Issuer;
  readonly client: LoginClient;
  /** As the logins of the service get it. */
  readonly login: LoginIssuer;
  readonly stop: () => void;
}

/** The settings of an issuer. */
export interface TestLoginOptions {
  /** `issuers[].login`. */
  readonly login: Readonly<Record<string, unknown>>;
  /** More options of the issuer. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** More options of the configuration. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
}

/** Writes a file in a new folder. @returns its path */
export function temporaryFile(name: string, content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'oidc-authz-login-')), name);
  writeFileSync(path, content);
  return path;
}

/** Starts an issuer, and waits for its keys and metadata. */
export async function startLoginIssuer(url: string, wanted: TestLoginOptions): Promise<TestLoginIssuer> {
  const { login, more = {}, options = {}, clock = systemClock } = wanted;
  const config = await configOf(
    JSON.stringify({
      issuers: [{ issuer: url, name: 'main', audiences: ['https://orders.example.com'], login, ...more }],
      login: { hosts: ['shop.example.com'] },
      sessions: { keysFile: temporaryFile('keys', `${Buffer.alloc(32, 7).toString('base64')}\n`) },
      ...options,
    }),
  );
  const [issuerConfig] = config.issuers;
  if (issuerConfig?.login === undefined) throw new TypeError('the issuer does not sign people in');
  const files = followFiles(systemFiles, clock);
  const issuer = planIssuer(issuerConfig, config, {
    clock,
    random: () => 0.5,
    environment: {},
    files,
    eventsOf: () => ({
      onFetched: () => {},
      onTrustReload: () => {},
      onProblem: () => {},
      onStateChange: () => {},
      onUnusedKeys: () => {},
      onKeysChange: () => {},
    }),
  }).create();
  issuer.start();
  await issuer.firstKeys;
  const { clients, stop } = createLoginClients(config, [{ config: issuerConfig, issuer }], {
    files,
    clock,
    environment: {},
  });
  const client = clients.get(issuerConfig.name);
  if (client === undefined) throw new TypeError('the issuer has no client');
  return {
    config,
    issuer,
    client,
    login: { config: issuerConfig as LoginIssuer['config'], path: 'issuers[0]', client },
    stop: () => {
      stop();
      issuer.stop();
    },
  };
}

/** The start of a login with fixed values. */
export function loginStart(more: Partial<AuthorizationStart> = {}): AuthorizationStart {
  return {
    redirectUri: 'https://shop.example.com/.oidc-authz/callback',
    state: 'state-1-abcdefghijklmnopqrstuvwxyz012345678',
    nonce: 'nonce-1-abcdefghijklmnopqrstuvwxyz012345678',
    codeVerifier: 'verifier-1-abcdefghijklmnopqrstuvwxyz0123456',
    ...more,
  };
}
