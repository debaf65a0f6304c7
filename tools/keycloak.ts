/** Finds Keycloak or fetches it with Maven, and calls its admin API. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';

const run = promisify(execFile);
const version = '26.4.0';

/** The folder of Keycloak, or why it is missing. */
export type FoundKeycloak = { readonly path: string } | { readonly missing: string };

/** Searches for Keycloak in KEYCLOAK_HOME and in the cache. If it is not there, fetches it. */
export async function findKeycloak(): Promise<FoundKeycloak> {
  if (onPath('java') === undefined) return { missing: 'java is not on the PATH' };
  const fetched = join(cacheFolder('keycloak'), `keycloak-${version}`);
  const known = [process.env.KEYCLOAK_HOME, fetched].find(
    (path) => path !== undefined && existsSync(join(path, 'bin', 'kc.sh')),
  );
  if (known !== undefined) return { path: known };
  try {
    await fetchKeycloak(cacheFolder('keycloak'));
    return { path: fetched };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `KEYCLOAK_HOME is not set, and mvn cannot fetch Keycloak: ${reason}` };
  }
}

async function fetchKeycloak(folder: string): Promise<void> {
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
  const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:zip`;
  await run('mvn', ['--quiet', '--batch-mode', copy, artifact, `-DoutputDirectory=${folder}`], {
    timeout: 300_000,
  });
  const zip = readdirSync(folder).find((name) => name.endsWith('.zip'));
  // Java's tool does not restore permissions, so a shell runs the script below.
  await run('python3', ['-m', 'zipfile', '--extract', join(folder, zip ?? ''), folder], { timeout: 120_000 });
}

/** A running Keycloak. */
export interface RunningKeycloak {
  readonly url: string;
  /** Calls the admin API, and returns the answer if it is JSON. */
  readonly admin: (method: string, path: string, body?: object) => Promise<unknown>;
  /** Gets an access token by client credentials. */
  readonly token: (realm: string, client: string, secret: string) => Promise<string>;
  /** Restarts it on the same port with the same data. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const administrator = { username: 'admin', password: 'admin' };

/** Starts Keycloak in development mode, with a new data folder, and waits until it answers. */
export async function startKeycloak(home: string, port: number): Promise<RunningKeycloak> {
  const url = `http://127.0.0.1:${port}`;
  const data = mkdtempSync(join(tmpdir(), 'oidc-authz-keycloak-'));
  let running = await launch(home, port, data);

  const admin = async (method: string, path: string, body?: object): Promise<unknown> => {
    const form = { grant_type: 'password', client_id: 'admin-cli', ...administrator };
    const authorization = `Bearer ${await accessToken(url, 'master', form)}`;
    const response = await fetch(`${url}/admin/realms${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    url,
    admin,
    token: (realm, client, secret) =>
      accessToken(url, realm, { grant_type: 'client_credentials', client_id: client, client_secret: secret }),
    restart: async () => {
      await running.stop();
      running = await launch(home, port, data);
    },
    stop: () => running.stop(),
  };
}

async function launch(home: string, port: number, data: string): Promise<{ stop: () => Promise<void> }> {
  const args = [
    ...[join(home, 'bin', 'kc.sh'), 'start-dev', '--http-host=127.0.0.1', `--http-port=${port}`],
    ...[
      `--db-url=jdbc:h2:file:${data}/keycloak;NON_KEYWORDS=VALUE`,
      '--http-management-port=0',
      '--health-enabled=false',
    ],
  ];
  const environment = {
    ...process.env,
    KC_BOOTSTRAP_ADMIN_USERNAME: administrator.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: administrator.password,
    JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx768m',
  };
  const child = spawn('bash', args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      log += chunk;
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    // Ends the process group, and so the child of the shell too.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
  };
  const end = performance.now() + 240_000;
  while (!(await answers(`http://127.0.0.1:${port}/realms/master`))) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`Keycloak did not start: ${log.slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return { stop };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function accessToken(url: string, realm: string, form: Record<string, string>): Promise<string> {
  const response = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const body = (await response.json()) as { readonly access_token?: string };
  if (body.access_token === undefined) throw new Error(`Keycloak returned no token: ${JSON.stringify(body)}`);
  return body.access_token;
}
