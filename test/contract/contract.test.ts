/** Runs every case of the contract against the core, over HTTP and over gRPC. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherSpellings } from '../../src/config/values/header-names.ts';
import { type Reason, reasons } from '../../src/model/reasons.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { type RunningApp, runApp } from '../support/app.ts';
import { startCore, type TestCore } from '../support/core.ts';
import { decisionId } from '../support/decision-ids.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc, type GrpcClient, type OfficialHeaderOption } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { checkRequest } from '../support/requests.ts';
import { type Case, type CaseContext, cases } from './cases.ts';

/** The result of a check, in one form for all transports. */
interface Answer {
  readonly reason: Reason;
  readonly status: number;
  readonly set: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly challenge: string | undefined;
  readonly body: string;
}

/** The identity headers of a case without `set`. */
const aliceAlone = { 'x-auth-request-user': 'alice' };

const forwarded = ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`);

const ordersHost = 'orders.example.com';
const ordersPath = '/orders/1';

let context: CaseContext;
let service: RunningApp;
let grpc: GrpcClient;
let core: TestCore;

beforeAll(async () => {
  const [main, strict] = [
    await startFakeIssuer(),
    await startFakeIssuer({ keys: [await createSigningKey('k1')] }),
  ];
  context = { main, strict, foreign: await createSigningKey('k1') };
  service = await runApp({
    issuer: main,
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() + ahead },
    file: `
issuers:
  - {issuer: "${main.url}", audiences: [${audience}], name: main}
  - {issuer: "${strict.url}", audiences: [${audience}], name: strict, requiredScopes: [orders.read], requiredClaims: {tid: abc}}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
log: {checks: all}
noRuleMatches: token
rules:
  - {name: open, match: {hosts: [open.example.com, "open.example.com:8443"], paths: ["/open/{**}"]}, allow: anonymous}
shutdown: {delay: 0s, timeout: 5s}
`,
  });
  grpc = connectGrpc(service.grpcPort);
  core = await startCore(service.config);
});

afterAll(async () => {
  grpc.close();
  core.stop();
  await service.stop();
  await context.main.close();
  await context.strict.close();
});

describe('the core', () => {
  test.each(cases)('$name: $reason', async (one) => {
    const { path = ordersPath, hosts = [ordersHost] } = one;
    const decision = await core.check(
      checkRequest({ authorization: await linesOf(one), path, host: hosts.join(',') }),
    );
    expect(decision.reason).toBe(one.reason);
    expect(decision.outcome).toBe(reasons[one.reason].outcome);
    if (decision.outcome === 'allow')
      expect(Object.fromEntries(decision.forwarding.set)).toEqual(one.set ?? aliceAlone);
  });
});

describe('HTTP', () => {
  test.each(cases.filter(({ notOverHttp }) => notOverHttp !== true))('$name: $reason', async (one) => {
    expectAnswer(one, await askHttp(one, await linesOf(one)), reasons[one.reason].httpStatus);
  });
});

describe('gRPC', () => {
  test.each(cases)('$name: $reason', async (one) => {
    const lines = await linesOf(one);
    const status = reasons[one.reason].grpcHttpStatus;
    if (lines.length > 1) expectAnswer(one, await askGrpcRaw(one, lines), status);
    else expectAnswer(one, await askGrpc(one, lines[0]), status);
  });
});

function linesOf(one: Case) {
  return one.authorization(context);
}

function expectAnswer(one: Case, answer: Answer, status: number): void {
  const { outcome, error } = reasons[one.reason];
  expect(answer.reason).toBe(one.reason);
  expect(answer.status).toBe(status);
  if (outcome === 'allow') {
    expect(answer.set).toEqual(one.set ?? aliceAlone);
    const unset = forwarded.filter((name) => !(name in answer.set));
    expect(answer.removed.toSorted()).toEqual([...unset, ...forwarded.flatMap(otherSpellings)].toSorted());
    expect(answer.body).toBe('');
    return;
  }
  expect(answer.challenge).toMatch(/^Bearer/);
  if (error === null) expect(answer.challenge).toBe('Bearer');
  else expect(answer.challenge).toContain(`error="${error}"`);
  expect(answer.challenge?.includes('scope="orders.read"')).toBe(one.reason === 'scope_insufficient');
  expect(JSON.parse(answer.body)).toEqual({
    error: error ?? 'unauthorized',
    error_description: expect.any(String),
    decision: expect.stringMatching(decisionId),
  });
}

let asked = 0;
/** The clock of the service runs ahead at each request, so that the log has room for each record on any machine. */
let ahead = 0;
const timeForRecord = 10;

async function askHttp(
  { path = '/orders/1?q=2', hosts = [ordersHost] }: Case,
  lines: readonly string[],
): Promise<Answer> {
  const requestId = `http-${asked++}`;
  ahead += timeForRecord;
  const headers = [...lines.map((line) => `authorization: ${line}`), `x-request-id: ${requestId}`];
  const response = await exchange(
    service.httpPort,
    Buffer.from(
      request('GET', path, headers).replace(
        `host: ${ordersHost}`,
        hosts.map((host) => `host: ${host}`).join('\r\n'),
      ),
      'latin1',
    ),
  );
  if (response === undefined) throw new Error('no answer');
  return {
    reason: service.records.find((record) => record.requestId === requestId)?.reason as Reason,
    status: response.status,
    set: Object.fromEntries(Object.entries(response.headers).filter(([name]) => forwarded.includes(name))),
    removed: response.headers['x-envoy-auth-headers-to-remove']?.split(',') ?? [],
    challenge: response.headers['www-authenticate'],
    body: response.body,
  };
}

function askGrpc(one: Case, line: string | undefined): Promise<Answer> {
  const [, secondHost] = one.hosts ?? [];
  return askGrpcWith(one, {
    headers: {
      ':method': 'GET',
      'x-other': 'x',
      ...(secondHost !== undefined && { host: secondHost, ':authority': one.hosts?.[0] ?? '' }),
      ...(line !== undefined && { authorization: line }),
    },
    // Two equal lines are still two lines.
    ...(secondHost !== undefined &&
      secondHost === one.hosts?.[0] && {
        headerMap: { headers: one.hosts.map((value) => ({ key: 'host', rawValue: Buffer.from(value) })) },
      }),
  });
}

function askGrpcRaw(one: Case, lines: readonly string[]): Promise<Answer> {
  const headers = lines.map((line) => ({ key: 'authorization', rawValue: Buffer.from(line, 'latin1') }));
  return askGrpcWith(one, { headerMap: { headers } });
}

async function askGrpcWith(
  { path = ordersPath, hosts: [host = ''] = [ordersHost] }: Case,
  attributes: object,
): Promise<Answer> {
  const response = await grpc.check({ method: 'GET', path, host, ...attributes });
  const { okResponse, deniedResponse, status, dynamicMetadata } = response;
  const reason = dynamicMetadata?.fields?.reason?.stringValue as Reason;
  expect(status?.code).toBe(reasons[reason].grpcCode);
  expect(okResponse === undefined).toBe(status?.code !== 0);
  const headers = okResponse?.headers ?? deniedResponse?.headers ?? [];
  for (const { append, appendAction } of headers) {
    expect([append?.value, appendAction]).toEqual([false, 'OVERWRITE_IF_EXISTS_OR_ADD']);
  }
  const code = deniedResponse?.status?.code;
  return {
    reason,
    status: code === undefined ? 200 : (httpStatus[code] ?? Number.NaN),
    set: okResponse === undefined ? {} : record(headers),
    removed: okResponse?.headersToRemove ?? [],
    challenge: record(headers)['www-authenticate'],
    body: deniedResponse?.body ?? '',
  };
}

/** Envoy's names of HTTP statuses. */
const httpStatus: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  ServiceUnavailable: 503,
};

function record(headers: readonly OfficialHeaderOption[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ header }) => [header?.key ?? '', header?.value ?? '']));
}
