/**
 * `npm run bench:sessions`: many sessions in the store, with four processes and a real redis-server. BENCH_SESSIONS is their number,
 * BENCH_RENEWED that of the sessions whose tokens end.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../test/support/redis/server.ts';
import { newSessionKey } from '../test/support/session-key.ts';
import { findRedis } from '../tools/redis.ts';
import { runClosed } from './load/closed.ts';
import { httpRequestWith } from './load/messages.ts';
import { residentMegabytes } from './measure.ts';
import { one, two } from './report/table.ts';
import { startService } from './servers.ts';
import { audience, client, startSessionIssuer } from './sessions/issuer.ts';
import { host, signInMany } from './sessions/sign-in.ts';

const sessions = Number(process.env.BENCH_SESSIONS ?? 100_000);
const renewed = Number(process.env.BENCH_RENEWED ?? 10_000);
const processes = 4;

const found = await findRedis();
if ('missing' in found) {
  process.stderr.write(`${found.missing}\n`);
  process.exit(1);
}
const say = (line: string) => process.stderr.write(`  ${line}\n`);
const redis = await startRedis(found.path);
const issuer = await startSessionIssuer();
const file = configuration(issuer.url, redis.url);
const services = await Promise.all(
  Array.from({ length: processes }, () =>
    startService(['--config', file], { listener: 'http', isFree: true }),
  ),
);
const ports = services.map(({ port }) => port);
const memory = () => services.reduce((sum, { pid }) => sum + residentMegabytes(pid), 0) / processes;

const rows: string[][] = [];
/** Measures a phase: its rate, and its commands at the store and the issuer. */
const phase = async (name: string, requests: number, run: () => Promise<number>) => {
  say(name);
  const before = { commands: await commands(), tokens: tokenRequests(), at: performance.now() };
  const notAllowed = await run();
  const seconds = (performance.now() - before.at) / 1_000;
  const used = (await commands()) - before.commands;
  rows.push([
    name,
    requests.toLocaleString('en'),
    Math.round(requests / seconds).toLocaleString('en'),
    two(used / requests),
    Math.round(used / seconds).toLocaleString('en'),
    (tokenRequests() - before.tokens).toLocaleString('en'),
    notAllowed.toLocaleString('en'),
  ]);
};
/** Sends each session once to each process, at all of them at the same time. @returns how many were not allowed */
const askAll = async (cookies: readonly string[]) => {
  const requests = cookies.map((cookie) => httpRequestWith([`cookie: ${cookie}`]));
  const load = { protocol: 'http', connections: 16, streams: 1, requests, count: requests.length } as const;
  const answers = await Promise.all(ports.map((port) => runClosed({ ...load, port })));
  return answers.reduce((sum, { allowed }) => sum + requests.length - allowed, 0);
};

const empty = { store: await redis.info('used_memory'), process: memory() };
let cookies: readonly string[] = [];
await phase('logins', sessions, async () => {
  cookies = await signInMany(issuer, ports, names('person', sessions));
  return 0;
});
const stored = await redis.info('used_memory');
const signedIn = memory();
await phase('first request of each session at each process', sessions * processes, () => askAll(cookies));
const full = memory();
await phase('second request of each session at each process', sessions * processes, () => askAll(cookies));

say(`${renewed} sessions whose tokens end`);
// Longer than the logins take. In the second half of their life, a request would renew them.
issuer.tokensEndAt = Math.floor(Date.now() / 1_000) + 30 + Math.ceil(renewed / 100);
const short = await signInMany(issuer, ports, names('short', renewed));
await sleep(issuer.tokensEndAt * 1_000 - Date.now() + 1_000);
issuer.tokensEndAt += 24 * 3_600;
await phase('first request at each process after the tokens have ended', renewed * processes, () =>
  askAll(short),
);
const { logins, renewals } = issuer.answered;

process.stdout.write(
  [
    ...table(
      [
        'phase',
        'requests',
        'requests a second',
        'store commands for each request',
        'store commands a second',
        'token requests',
        'not allowed',
      ],
      rows,
    ),
    '',
    `The issuer answered ${logins} logins and ${renewals} renewals. ${issuer.reused()} refresh tokens were used twice.`,
    '',
    ...table(
      ['part', 'for each session'],
      [
        ['the store: record, index and keys', bytes((stored - empty.store) / sessions)],
        ['a process that has cached the session', bytes(((full - empty.process) * 1e6) / sessions)],
      ],
    ),
    '',
    `A process without a session has ${one(empty.process)} MB, after the logins ${one(signedIn)} MB, and with every session cached ${one(full)} MB.`,
    '',
  ].join('\n'),
);
for (const service of services) await service.stop();
await redis.stop();
await issuer.close();
process.exit(issuer.reused() === 0 && renewals === renewed ? 0 : 1);

function table(columns: readonly string[], cells: readonly (readonly string[])[]): string[] {
  return [columns, columns.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`);
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(6, '0')}`);
}

async function commands(): Promise<number> {
  return redis.info('total_commands_processed');
}

function tokenRequests(): number {
  return issuer.answered.logins + issuer.answered.renewals;
}

function bytes(of: number): string {
  return `${Math.round(of).toLocaleString('en')} bytes`;
}

function configuration(issuerUrl: string, redisUrl: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-sessions-'));
  const at = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return at(
    'config.yaml',
    `
issuers:
  - issuer: "${issuerUrl}"
    name: main
    audiences: [${audience}]
    login: {clientId: ${client.id}, clientSecretFile: ${at('secret', client.secret)}, scopes: [openid, email]}
login: {hosts: [${host}]}
sessions: {keysFile: ${at('keys', newSessionKey())}}
state: {valkey: {urls: ["${redisUrl}"]}}
outputClaimToHeaders: [{header: x-user, claim: sub}, {header: x-groups, from: groups}]
cache: {maxEntries: ${2 * sessions}, maxBytes: 4Gi}
log: {checks: none}
`,
  );
}
