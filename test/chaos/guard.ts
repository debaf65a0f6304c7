/** A service with its own issuer, and tokens for it. */
import { createHash, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { type ServiceProcess, startCommand } from '../support/process.ts';
import { base64url, goodClaims, privateKeyObject } from '../support/tokens.ts';
import type { Question } from './load.ts';

/** A service under attack. */
export interface Guard {
  readonly issuer: FakeIssuer;
  readonly service: ServiceProcess;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly adminPort: number;
  /** The value of a metric, by its name and a part of its labels. */
  readonly metric: (name: string, labels?: string) => Promise<number>;
  readonly residentMiB: () => number;
  readonly openFiles: () => number;
}

const listeners = ['http', 'grpc', 'admin'].flatMap((name) => [
  `--${name}-host`,
  '127.0.0.1',
  `--${name}-port`,
  '0',
]);

/**
 * Starts a service. It stops after the test.
 *
 * @param flags of the service
 * @param before shell text before Node on the command line
 */
export async function startGuard(flags: readonly string[] = [], before = ''): Promise<Guard> {
  const issuer = await startFakeIssuer({ keys: [await createSigningKey('k1', 'EdDSA')] });
  onTestFinished(() => issuer.close());
  const words = [
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    ...listeners,
    '--log-checks',
    'none',
    '--keys-min-refresh-interval',
    '100ms',
    ...flags,
  ];
  const command = `${before} exec ${process.execPath} src/main.ts ${words.map((word) => `'${word}'`).join(' ')}`;
  const service = startCommand('bash', ['-c', command]);
  await service.record(({ state }) => state === 'ready');
  const adminPort = await service.port('admin');
  return {
    issuer,
    service,
    adminPort,
    httpPort: await service.port('http'),
    grpcPort: await service.port('grpc'),
    metric: async (name, labels = '') => {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      const line = text.split('\n').find((one) => /^\w+/.exec(one)?.[0] === name && one.includes(labels));
      if (line === undefined) throw new Error(`there is no ${name} with ${labels}`);
      return Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    residentMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024,
    openFiles: () => readdirSync(`/proc/${service.pid}/fd`).length,
  };
}

let made = 0;

/** A new token, signed with a key. */
export function freshToken(issuer: FakeIssuer, key: SigningKey | undefined = issuer.keys[0]): string {
  if (key === undefined) throw new TypeError('the issuer has no key');
  const header = base64url(JSON.stringify({ alg: key.algorithm, kid: key.kid, typ: 'JWT' }));
  const input = `${header}.${base64url(JSON.stringify(goodClaims(issuer, { jti: String(made++) })))}`;
  return `${input}.${base64url(sign(null, Buffer.from(input), privateKeyObject(key)))}`;
}

/** A new token with a key ID and an invalid signature. */
export function forgedToken(issuer: FakeIssuer, kid: string): string {
  const header = base64url(JSON.stringify({ alg: 'EdDSA', kid, typ: 'JWT' }));
  const payload = base64url(JSON.stringify(goodClaims(issuer, { jti: String(made++) })));
  return `${header}.${payload}.${createHash('sha512').update(String(made)).digest('base64url')}`;
}

/** Valid tokens, cached and new ones, and forged ones, in turn. */
export function mixed(issuer: FakeIssuer): () => Question {
  const known = freshToken(issuer);
  let turn = 0;
  return () => {
    turn++;
    if (turn % 3 === 0) return { authorization: `Bearer ${forgedToken(issuer, 'k1')}`, mustBeAllowed: false };
    return { authorization: `Bearer ${turn % 3 === 1 ? known : freshToken(issuer)}`, mustBeAllowed: true };
  };
}
