/** The corpus over HTTP, gRPC and a real Envoy in front of each: the exact reason, and the upstream request. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reason, reasons } from '../../src/model/reasons.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload, type Workload } from '../../tools/workload.ts';
import { type RunningApp, runApp } from '../support/app.ts';
import { connectGrpc, type GrpcClient } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';
import type { Case } from './corpus/case.ts';
import { claimCases } from './corpus/claims.ts';
import { credentialCases } from './corpus/credential.ts';
import { cryptographyCases } from './corpus/cryptography.ts';
import { headerCases } from './corpus/header.ts';
import { createReasonReader, type ReasonReader } from './reasons-read.ts';
import { createWorld, type World } from './world.ts';

const cases: readonly Case[] = [...headerCases, ...cryptographyCases, ...claimCases, ...credentialCases];
const overHttp = cases.filter(({ isRaw }) => isRaw !== true);

let world: World;
let service: RunningApp;
let grpc: GrpcClient;
let reasonOf: ReasonReader;

beforeAll(async () => {
  world = await createWorld();
  service = await runApp({ issuer: world.main, file: world.configuration });
  grpc = connectGrpc(service.grpcPort);
  reasonOf = createReasonReader(service.adminPort);
});

afterAll(async () => {
  grpc.close();
  await service.stop();
  expect(world.trap.hits()).toBe(0);
  await world.close();
});

test('each case has its own name, and there are more than 600', () => {
  const names = cases.map(({ row, name }) => `${row} ${name}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(names.length).toBeGreaterThan(600);
});

describe('HTTP', () => {
  test.each(overHttp)('$row: $name: $reason', async (one) => {
    const lines = (await one.lines(world)).map((line) => `authorization: ${line}`);
    const { reason, result } = await reasonOf('http', () =>
      exchange(service.httpPort, Buffer.from(request('GET', '/orders', lines), 'latin1')),
    );
    expect(reason).toBe(one.reason);
    expect(result?.status).toBe(reasons[one.reason].httpStatus);
    if (one.reason === 'allowed')
      expect(result?.headers['x-auth-request-user'] ?? '').toBe(one.user ?? 'alice');
  });
});

describe('gRPC', () => {
  test.each(cases)('$row: $name: $reason', async (one) => {
    const headers = (await one.lines(world)).map((line) => ({
      key: 'authorization',
      rawValue: Buffer.from(line, /[^\0-\xff]/.test(line) ? 'utf8' : 'latin1'),
    }));
    const { status, okResponse, dynamicMetadata } = await grpc.check({
      method: 'GET',
      path: '/',
      headerMap: { headers },
    });
    expect(dynamicMetadata?.fields?.reason?.stringValue).toBe(one.reason);
    expect(status?.code).toBe(reasons[one.reason].grpcCode);
    if (one.reason !== 'allowed') return;
    const user = okResponse?.headers?.find(({ header }) => header?.key === 'x-auth-request-user');
    expect(user?.header?.value ?? '').toBe(one.user ?? 'alice');
  });
});

describeWith('a real Envoy', await findEnvoy(), (path) => {
  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    let workload: Workload;
    let envoy: RunningEnvoy;
    beforeAll(async () => {
      workload = await startWorkload();
      const authorizers = [transport === 'http' ? service.httpPort : service.grpcPort];
      const headersToUpstreamOnAllow = ['x-auth-request-*'];
      envoy = await startEnvoy(path, (ports) =>
        istioSidecar({ transport, authorizers, workload: workload.port, headersToUpstreamOnAllow }, ports),
      );
    });
    afterAll(async () => {
      await envoy.stop();
      await workload.close();
    });

    test.each(overHttp)('$row: $name: $reason', async (one) => {
      const authorization = (await one.lines(world)).map((line) => `authorization: ${line}`);
      const forged = ['x-auth-request-user: root', 'X-Auth_Request-User: root', 'x-auth-request-email: root'];
      const before = workload.requests();
      const { reason, result } = await reasonOf(transport, () =>
        exchange(envoy.port, Buffer.from(request('GET', '/orders', [...authorization, ...forged]), 'latin1')),
      );
      const expected = one.reasonBehindEnvoy ?? one.reason;
      expect(reason).toBe(expected);
      expect(result?.status).toBe(reasons[expected].grpcHttpStatus);
      expect(workload.requests() - before).toBe(one.reason === 'allowed' ? 1 : 0);
      expect(result?.body).not.toContain('root');
      if (one.reason === 'allowed')
        expect(usersIn(result?.body)).toEqual((one.user ?? 'alice') === '' ? [] : [one.user ?? 'alice']);
    });
  });
});

/** The user that the workload received, in any spelling of the header. */
function usersIn(body: string | undefined): readonly string[] {
  const { headers } = JSON.parse(body ?? '{"headers":[]}') as { headers: [string, string][] };
  return headers
    .filter(([name]) => name.replaceAll('_', '-') === 'x-auth-request-user')
    .map(([, value]) => value);
}

/** Without a case for each reason, the corpus could not detect a wrong reason. */
test.each([
  'allowed',
  'token_missing',
  'token_duplicated',
  'token_too_large',
  'token_malformed',
  'algorithm_not_allowed',
  'token_type_not_allowed',
  'issuer_unknown',
  'key_not_found',
  'signature_invalid',
  'token_expired',
  'token_not_yet_valid',
  'audience_mismatch',
  'claim_missing',
  'claim_invalid',
  'token_bound',
  'scope_insufficient',
  'claim_not_allowed',
] satisfies Reason[])('%s is the reason of a case', (reason) => {
  expect(cases.filter((one) => one.reason === reason).length).toBeGreaterThan(0);
});
