/** The console with content that a test chooses, on a free port of this machine. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RecordedDenial } from '../../src/model/recorded-denial.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { type Clock, systemClock } from '../../src/runtime/time/clock.ts';
import { createGuard } from '../../src/transport/admin/respond.ts';
import type { ConsoleContent } from '../../src/transport/console/content.ts';
import { createConsole } from '../../src/transport/console/server.ts';

/** A console under test. */
export interface TestConsole {
  readonly port: number;
  readonly url: string;
  /** All log records. */
  readonly records: Record<string, unknown>[];
  readonly close: () => void;
}

/** The settings of a test. */
export interface TestConsoleOptions {
  readonly content?: Partial<ConsoleContent>;
  /** The content of `admin.tokenFile`. */
  readonly token?: () => string | undefined;
  readonly clock?: Clock;
  /** Whether local clients have access, as in a real service. With `false`, only the token gives access. */
  readonly isLocal?: boolean;
}

/** Starts a console. It stops after the test. */
export async function startConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const running = await runConsole(options);
  onTestFinished(running.close);
  return running;
}

/** Starts a console. The caller stops it. */
export async function runConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const { content = {}, token = () => undefined, clock = systemClock, isLocal = true } = options;
  const records: Record<string, unknown>[] = [];
  const guard = createGuard(false, token);
  const remote = (message: http.IncomingMessage) =>
    guard(
      Object.assign(Object.create(message), {
        socket: { remoteAddress: '192.0.2.1' },
      }) as http.IncomingMessage,
    );
  const handle = await createConsole({
    content: { ...consoleContent(), ...content },
    accessOf: isLocal ? guard : remote,
    adminToken: token,
    accessHelp: 'Access denied.',
    isTls: false,
    clock,
    logger: createLogger('info', { write: (line: string) => void records.push(JSON.parse(line)) }),
  });
  const server = http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/console`,
    records,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A denial. */
export function denialWith(more: Partial<RecordedDenial> = {}): RecordedDenial {
  return {
    id: 'abcdefghijklm',
    time: Date.parse('2026-11-26T21:00:00Z'),
    transport: 'http',
    outcome: 'deny',
    reason: 'audience_mismatch',
    enforced: true,
    method: 'GET',
    host: 'orders.example.com',
    path: '/orders/17',
    requestId: 'b7d1c2a8-4b65-4c0e-9f7e-0f6b3a1d2c11',
    rule: 'orders',
    issuer: 'main',
    detail: 'expected audience orders-api, found account',
    option: 'issuers[0].audiences',
    ...more,
  };
}

/** Content of a service with checks, denials, and one issuer in trouble. */
export function consoleContent(): ConsoleContent {
  const now = Date.now();
  const wave = (index: number, base: number) =>
    base + (base / 3) * Math.sin(index / 9) + (index % 7) * (base / 40);
  return {
    state: () => ({
      version: '0.1.0',
      node: '26.10.0',
      since: now - 3 * 86_400_000,
      isReady: true,
      isDraining: false,
      configuration: { hash: '130e9d030835dcbf', loadedAt: now - 3_600_000 },
      problems: [
        {
          what: 'configuration',
          files: ['/etc/oidc-authz/config.yaml'],
          problem: 'issuers[0].issuer: must be an https URL, got "foo"; write the exact iss of its tokens',
          since: now - 240_000,
        },
      ],
      workers: { running: 2, wanted: 2 },
      isShadow: true,
      incumbent: undefined,
      listeners: [
        { name: 'http', address: '[::]:8000', security: 'plain text' },
        { name: 'grpc', address: '[::]:9000', security: 'TLS' },
        { name: 'admin', address: '[::]:8081', security: 'TLS with client certificates' },
      ],
      certificates: [
        { use: 'grpc listener', file: '/etc/oidc-authz/tls/tls.crt', expires: now + 62 * 86_400_000 },
        { use: 'admin listener', file: '/etc/oidc-authz/admin/tls.crt', expires: now + 5 * 86_400_000 },
        { use: 'CA of the issuer main', file: '/etc/oidc-authz/ca.crt', expires: now - 86_400_000 },
      ],
    }),
    issuers: () => [
      {
        name: 'main',
        issuer: 'https://tenant.example.com',
        state: 'ready',
        keys: [
          { id: '2026-11-a', algorithms: ['RS256'], since: now - 20 * 86_400_000 },
          { id: '2026-11-b', algorithms: ['ES256'], since: now - 7_200_000 },
        ],
        unused: [{ key: 'enc-1', cause: 'use' }],
        age: 130_000,
        nextFetch: 152_000,
        problem: undefined,
        problemSince: undefined,
      },
      {
        name: 'partner',
        issuer: 'https://login.partner.example.net/realms/orders',
        state: 'stale',
        keys: [{ id: undefined, algorithms: ['PS256', 'RS256'], since: now - 86_400_000 }],
        unused: [],
        age: 1_400_000,
        nextFetch: 21_000,
        problem:
          'cannot fetch https://login.partner.example.net/jwks: the connection was refused (ECONNREFUSED)',
        problemSince: now - 900_000,
      },
    ],
    fetchNow: (name) => (name === 'main' ? 'started' : name === 'partner' ? 'too early' : 'unknown issuer'),
    checks: async () => ({
      seconds: 900,
      points: Array.from({ length: 90 }, (_, index) => ({
        time: now - (89 - index) * 10_000,
        allow: wave(index, 420),
        deny: wave(index + 20, 38),
        error: index > 60 && index < 70 ? 12 : 0,
      })),
      reasons: [
        { outcome: 'allow', reason: 'allowed', count: 379_412, perSecond: 421.6 },
        { outcome: 'deny', reason: 'token_expired', count: 21_034, perSecond: 23.4 },
        { outcome: 'deny', reason: 'audience_mismatch', count: 13_120, perSecond: 14.6 },
        { outcome: 'error', reason: 'keys_unavailable', count: 1_080, perSecond: 1.2 },
      ],
      latency: { p50: 0.00011, p99: 0.0021 },
      cache: { hits: 371_000, misses: 9_100 },
      rules: [
        { name: 'orders', hits: 391_220, allowed: 370_001, denied: 21_219, shadow: 0, lastHit: now - 4_000 },
        { name: 'reports', hits: 9_411, allowed: 9_411, denied: 0, shadow: 318, lastHit: now - 61_000 },
      ],
    }),
    rules: () => [
      { name: 'orders', policy: undefined, isShadow: false },
      { name: 'reports', policy: undefined, isShadow: true },
      { name: 'legacy', policy: undefined, isShadow: false },
    ],
    denials: async ({ reason, host, rule }) =>
      [
        denialWith(),
        denialWith({
          id: 'bcdefghijklmn',
          reason: 'token_expired',
          detail: 'expected exp after 1795726800, found 1795720000',
        }),
        denialWith({ id: 'cdefghijklmno', reason: 'scope_insufficient', enforced: false, rule: 'reports' }),
      ].filter(
        (one) =>
          (reason === '' || one.reason === reason) &&
          (host === '' || one.host === host) &&
          (rule === '' || one.rule === rule),
      ),
    denial: async (id) => (id === 'abcdefghijklm' ? denialWith() : undefined),
    explain: async () => ({
      outcome: 'deny',
      reason: 'audience_mismatch',
      rule: 'orders',
      issuer: 'main',
      detail: { text: 'expected audience orders-api, found account', option: 'issuers[0].audiences' },
      steps: [
        {
          step: 'rule',
          result: 'passed',
          subject: 'the host, path and method',
          found: 'orders',
          option: 'rules[0]',
        },
        { step: 'signature', result: 'passed', subject: 'the signature', found: 'valid for key 2026-11-a' },
        {
          step: 'audience',
          result: 'failed',
          subject: 'the aud claim',
          expected: 'orders-api',
          found: 'account',
          option: 'issuers[0].audiences',
        },
      ],
      isVerified: true,
      hasIncumbent: false,
      answer: {
        isLeftToEnvoy: false,
        http: { status: 401, headers: [] },
        grpc: { code: 16, httpStatus: 401 },
      },
      jose: {
        verdict: 'rejects',
        text: 'ERR_JWT_CLAIM_VALIDATION_FAILED: unexpected "aud" claim value',
        differs: false,
      },
    }),
  };
}
