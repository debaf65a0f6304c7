/** Sends marked values to every listener, for every reason: none of them appears in a log, a metric or an answer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loginReasonTexts } from '../../src/model/login-reason-texts.ts';
import { type Reason, reasons } from '../../src/model/reasons.ts';
import { until } from '../support/app.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { startProcess } from '../support/process.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { bearer, type Case } from './corpus/case.ts';
import { claimCases } from './corpus/claims.ts';
import { credentialCases } from './corpus/credential.ts';
import { cryptographyCases } from './corpus/cryptography.ts';
import { headerCases } from './corpus/header.ts';
import { createWorld, type World } from './world.ts';

/** Values for the places that a client controls. The service uses none of them in its own texts. */
const canaries = ['cookie', 'query', 'body', 'user', 'claim', 'jti', 'proof', 'certificate', 'forwarded'].map(
  (place) => `canary-${place}-7f3a`,
);
const [cookie, query, body, user, claim, jti, proof, certificate, forwarded] = canaries as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

/** The path for a reason; the default is the path of the orders. */
interface Place {
  readonly path?: string;
  readonly host?: string;
}

/** The reasons that no token of the corpus causes. */
function furtherCases({ main, weak: revoking, curves }: World): (Case & Place)[] {
  const withMarks = { sub: user, jti, email: `${claim}@example.com`, groups: [claim], tid: claim };
  return [
    {
      row: 'I12',
      name: 'marked claims',
      reason: 'allowed',
      lines: async () => bearer(await main.mint({ claims: withMarks })),
    },
    {
      row: 'I12',
      name: 'a revoked token',
      reason: 'token_revoked',
      lines: async () => bearer(await revoking.mint({ claims: { ...withMarks, sid: 'revoked' } })),
    },
    {
      row: 'I12',
      name: 'no keys',
      reason: 'keys_unavailable',
      lines: async () => bearer(await curves.mint({ claims: { ...withMarks, iss: 'http://127.0.0.1:9' } })),
    },
    {
      row: 'I12',
      name: 'a rule that refuses',
      reason: 'rule_denied',
      path: '/denied',
      lines: async () => bearer(await main.mint({ claims: withMarks })),
    },
    {
      row: 'I12',
      name: 'an expression that fails',
      reason: 'rule_failed',
      path: '/fails',
      lines: async () => bearer(await main.mint({ claims: withMarks })),
    },
    {
      row: 'I12',
      name: 'an unclear path',
      reason: 'path_ambiguous',
      path: '//orders',
      lines: async () => bearer(await main.mint({ claims: withMarks })),
    },
    {
      row: 'I12',
      name: 'an unclear host',
      reason: 'host_ambiguous',
      host: 'orders.example.com.',
      lines: async () => bearer(await main.mint({ claims: withMarks })),
    },
    {
      row: 'I12',
      name: 'a bad proof',
      reason: 'proof_invalid',
      lines: async () => {
        const key = await createSigningKey('c', 'ES256');
        return [
          `DPoP ${await revoking.mint({ claims: { ...withMarks, cnf: { jkt: await thumbprint(key) } } })}`,
        ];
      },
    },
  ];
}

test('no log, metric or answer contains client data, for every reason', { timeout: 120_000 }, async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const denied = join(folder, 'denied.yaml');
  writeFileSync(denied, `- {issuer: "${world.weak.url}", sid: revoked, note: ${claim}}\n`);
  const file = join(folder, 'config.yaml');
  const configuration = world.configuration
    .replace(
      'log: {checks: none}',
      `log: {level: trace, checks: all}\ndenyList: {file: ${denied}}\nnoRuleMatches: token\nrules:\n  - {name: locked, match: {hosts: [locked.example.com]}, deny: true}\n  - {name: denied, match: {paths: [/denied]}, deny: true}\n  - {name: fails, match: {paths: [/fails]}, require: {expression: claims.nothing == "x"}}\ndpop: {origins: ["https://orders.example.com"]}`,
    )
    .replace('name: weak,', 'name: weak, boundTokens: verify,')
    .replace(
      '\nhttp: {',
      '\n  - {issuer: "http://127.0.0.1:9", audiences: [orders-api], name: away}\nhttp: {',
    );
  writeFileSync(file, configuration);
  const service = startProcess(['--config', file]);
  const [httpPort, grpcPort, adminPort] = [
    await service.port('http'),
    await service.port('grpc'),
    await service.port('admin'),
  ];
  await Promise.all(
    ['main', 'strict', 'curves', 'open', 'weak'].map((name) =>
      service.record(({ issuer, state }) => issuer === name && state === 'ready'),
    ),
  );
  const grpc = connectGrpc(grpcPort);
  onTestFinished(grpc.close);

  const all = [
    ...furtherCases(world),
    ...headerCases,
    ...cryptographyCases,
    ...claimCases,
    ...credentialCases,
  ];
  const byReason = Map.groupBy<Reason, Case & Place>(all, ({ reason }) => reason);
  const answers: string[] = [];
  const secrets = new Set(canaries);
  const stranger = await createSigningKey('s', 'ES256');
  for (const cases of byReason.values()) {
    for (const one of cases.slice(0, 4)) {
      const host = one.host ?? 'orders.example.com';
      const lines = await one.lines(world);
      for (const line of lines)
        for (const part of line.split(/[\s.,]+/)) if (part.length >= 24) secrets.add(part);
      const dpop = await makeProof(stranger, proof, { claims: { jti: proof } });
      for (const part of dpop.split('.')) secrets.add(part);
      const others = {
        cookie: `session=${cookie}`,
        dpop,
        'x-forwarded-client-cert': `Hash=${certificate};URI=spiffe://${certificate}`,
        'x-forwarded-access-token': forwarded,
        'x-auth-request-user': user,
      };
      if (one.isRaw !== true) {
        const headers = [
          ...lines.map((line) => `authorization: ${line}`),
          ...Object.entries(others).map(([name, value]) => `${name}: ${value}`),
          `content-length: ${body.length}`,
        ];
        const answer = await exchange(
          httpPort,
          request('POST', `${one.path ?? '/orders'}?access_token=${query}`, headers).replace(
            'orders.example.com',
            host,
          ) + body,
        );
        if (one.reason === 'allowed' && answer !== undefined) {
          // An allow forwards claims on purpose.
          expect(answer.status).toBe(200);
          answers.push(answer.body);
        } else answers.push(JSON.stringify(answer));
      }
      const headerMap = {
        headers: [
          ...lines.map((line) => ({ key: 'authorization', rawValue: Buffer.from(line) })),
          ...Object.entries(others).map(([key, value]) => ({ key, rawValue: Buffer.from(value) })),
        ],
      };
      const {
        okResponse: _,
        dynamicMetadata,
        ...rest
      } = await grpc.check({ method: 'POST', host, path: `${one.path ?? '/orders'}?x=${query}`, headerMap });
      expect(dynamicMetadata?.fields?.reason?.stringValue).toBe(one.reason);
      answers.push(JSON.stringify(rest));
    }
  }

  // Only a gRPC check can be too large to read. The log may contain only the part that was read.
  const large = await grpc.check({
    path: `/orders?x=${query}`,
    headers: {
      cookie: `session=${cookie}`,
      'x-auth-request-user': user,
      'x-filler': 'f'.repeat(300 * 1024),
      'x-forwarded-access-token': forwarded,
    },
  });
  answers.push(JSON.stringify(large));

  // The story of the login covers its reasons.
  const others = ['overloaded', 'internal_error', 'incumbent_unavailable', ...Object.keys(loginReasonTexts)];
  const wanted = (Object.keys(reasons) as Reason[]).filter((reason) => !others.includes(reason));
  await until(() => wanted.every((reason) => service.output().includes(`"reason":"${reason}"`)));
  for (const path of ['metrics', 'readyz', 'livez', `x?${query}`])
    answers.push(await (await fetch(`http://127.0.0.1:${adminPort}/${path}`)).text());
  const everything = [service.output(), service.errors(), ...answers].join('\n');
  expect([...secrets].filter((secret) => everything.includes(secret))).toEqual([]);
  expect(secrets.size).toBeGreaterThan(80);
  expect(service.errors()).toBe('');
});

test('with shadow.authorizer, no log or metric contains client data or the answer of the incumbent', async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const incumbent = createServer((message, response) => {
    if (message.url?.startsWith('/away') === true) return void response.destroy();
    response.writeHead(message.url?.startsWith('/no') === true ? 401 : 200, {
      'x-auth-request-user': user,
      'set-cookie': `session=${cookie}`,
    });
    return void response.end(body);
  });
  await new Promise<void>((resolve) => incumbent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    incumbent.closeAllConnections();
    incumbent.close();
  });
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  const { port } = incumbent.address() as AddressInfo;
  const shadow = `log: {level: trace, checks: all}\nshadow: {authorizer: "http://127.0.0.1:${port}"}`;
  writeFileSync(file, world.configuration.replace('log: {checks: none}', shadow));
  const service = startProcess(['--config', file]);
  const [httpPort, adminPort] = [await service.port('http'), await service.port('admin')];
  await service.record(({ issuer, state }) => issuer === 'main' && state === 'ready');
  const secrets = new Set(canaries);
  for (const path of ['/yes', '/no', '/away']) {
    const token = await world.main.mint({ claims: { sub: user, email: `${claim}@example.com` } });
    for (const part of token.split('.')) secrets.add(part);
    const headers = [`authorization: Bearer ${token}`, `cookie: session=${cookie}`];
    await exchange(httpPort, request('GET', `${path}?access_token=${query}`, headers));
  }
  for (const wanted of ['headers_differ', 'incumbent_refuses', 'unavailable'])
    await service.record(({ comparison }) => comparison === wanted);
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const everything = [service.output(), service.errors(), metrics].join('\n');
  expect(everything).toContain('incumbent_unavailable');
  expect([...secrets].filter((secret) => everything.includes(secret))).toEqual([]);
  expect(service.errors()).toBe('');
});

test('the error for an invalid deny list contains none of its text', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const denied = join(folder, 'denied.yaml');
  writeFileSync(denied, `- {issuer: https://a, sub: ${user}, issuedBefore: ${claim}}\n- {sub: ${user}}\n`);
  const service = startProcess(['--issuer', 'https://a', '--audience', 'a', '--deny-list-file', denied]);
  expect(await service.exit).toBe(2);
  expect(service.errors()).not.toMatch(/canary-/);
});
