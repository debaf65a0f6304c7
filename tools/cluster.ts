/** A cluster without nodes: etcd and an API server on local addresses, with a new data folder. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';

/** The programs of a cluster. */
export interface ClusterPrograms {
  readonly etcd: string;
  readonly apiserver: string;
}

/** A running API server. */
export interface Cluster {
  /** A file for KUBECONFIG, with all permissions. */
  readonly kubeconfig: string;
  /** Sends a request to the API server, and returns the body as a stream, for watches. */
  readonly open: (method: string, path: string, patch?: object) => Promise<Readable>;
  readonly stop: () => Promise<void>;
}

const startTimeout = 120_000;
const token = 'administrator-of-a-test-cluster';

/** Starts etcd and the API server, with RBAC and tokens for service accounts, and waits until it is ready. */
export async function startCluster({ etcd, apiserver }: ClusterPrograms): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-cluster-'));
  const [clients, peers, port] = [await freePort(), await freePort(), await freePort()];
  const at = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    writeFileSync(at(name), text, { mode: 0o600 });
    return at(name);
  };

  const url = (of: number) => `http://127.0.0.1:${of}`;
  const store = await startChild(
    'etcd',
    etcd,
    [
      ['--data-dir', at('etcd')],
      ['--listen-client-urls', url(clients), '--advertise-client-urls', url(clients)],
      ['--listen-peer-urls', url(peers), '--initial-advertise-peer-urls', url(peers)],
      ['--initial-cluster', `default=${url(peers)}`, '--unsafe-no-fsync'],
    ].flat(),
    () => isHealthy(`${url(clients)}/health`),
    undefined,
    startTimeout,
  );

  mkdirSync(at('certificates'));
  const certificate = at('certificates/apiserver.crt');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const signingKey = write('service-accounts.key', privateKey);
  const open = async (method: string, path: string, patch?: object) => {
    const ca = readFileSync(certificate);
    return openStream({ port, method, path, ca, ...(patch !== undefined && { patch }) });
  };
  const isReady = () =>
    open('GET', '/readyz').then(
      () => true,
      () => false,
    );
  const server = await startChild(
    'kube-apiserver',
    apiserver,
    [
      ['--etcd-servers', url(clients)],
      ['--bind-address', '127.0.0.1', '--secure-port', String(port), '--cert-dir', at('certificates')],
      ['--authorization-mode', 'RBAC'],
      ['--token-auth-file', write('tokens.csv', `${token},administrator,1,"system:masters"\n`)],
      // Services with IPv4 and IPv6, as in a dual-stack cluster.
      ['--endpoint-reconciler-type', 'none', '--service-cluster-ip-range', '10.96.0.0/16,fd00:10:96::/112'],
      ['--service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
      ['--service-account-key-file', write('service-accounts.pub', publicKey)],
      ['--service-account-signing-key-file', signingKey],
    ].flat(),
    async () => existsSync(certificate) && (await isReady()),
    undefined,
    startTimeout,
  ).catch(async (error) => {
    await store.stop();
    throw error;
  });

  const kubeconfig = write(
    'kubeconfig.json',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': certificate },
        },
      ],
      users: [{ name: 'administrator', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'administrator' } }],
      'current-context': 'test',
    }),
  );
  return {
    kubeconfig,
    open,
    stop: async () => {
      await server.stop();
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => ((await response.json()) as { health?: string }).health === 'true',
    () => false,
  );
}

function openStream({
  port,
  method,
  path,
  ca,
  patch,
}: {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly ca: Buffer;
  readonly patch?: object;
}): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/merge-patch+json' };
    const request = https.request(
      { host: '127.0.0.1', port, method, path, ca, headers, agent: false },
      (response) => {
        if ((response.statusCode ?? 500) < 300) return resolve(response);
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () =>
          reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 2_000)}`)),
        );
      },
    );
    request.on('error', reject);
    request.end(patch === undefined ? undefined : JSON.stringify(patch));
  });
}
