/** `oidc-authz canary`: tests through the mesh that a workload never sees forged identity headers. */
import { randomBytes } from 'node:crypto';
import type { ConfigSources } from '../config/load/load.ts';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError } from '../config/validate/problems.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { readInputFile } from '../tools/input-file.ts';
import { singleProblem } from '../tools/single-problem.ts';
import { credentialIn } from '../tools/token-input.ts';
import type { Command, ManualPage } from './command.ts';
import { formatCommandProblems } from './command-problems.ts';
import { configSources } from './config-sources.ts';
import { createFlagReader, type FlagReader } from './flag-reader.ts';
import { readStandardInput } from './standard-input.ts';

const exitCode = { good: 0, failed: 1, notTested: 2, usage: 3 };

const page: ManualPage = {
  name: 'canary',
  summary: 'test the guard through the mesh, as clients use it',
  usage: [
    'oidc-authz canary [FILE] --url URL --token-file FILE',
    'oidc-authz canary [FILE] --url URL --client-id ID --client-secret-file FILE',
    'oidc-authz canary --listen PORT',
  ],
  about: [
    'Sends requests to a guarded workload: without a token, with forged tokens, and with forged identity headers in every spelling. Reports what the workload saw. The workload must return the headers of the request; --listen runs one that does.',
    'FILE is the configuration of the service. It names the identity headers.',
  ],
  flags: [
    { name: '--url', takes: 'URL', text: 'The URL of the workload, as clients use it.' },
    { name: '--token-file', takes: 'FILE', text: 'A file with a valid token; `-` is standard input.' },
    {
      name: '--client-id',
      takes: 'ID',
      text: 'Get the token from the first issuer of the configuration, as this client.',
    },
    { name: '--client-secret-file', takes: 'FILE', text: 'A file with the secret of the client.' },
    { name: '--scope', takes: 'SCOPES', text: 'The scope to request for the client.' },
    { name: '--token-audience', takes: 'A', text: 'The `audience` parameter to send for the client.' },
    { name: '--anonymous-path', takes: 'P', text: 'A path of the workload that needs no token.' },
    { name: '--ca-file', takes: 'FILE', text: 'CAs of the URL, instead of those of the system.' },
    {
      name: '--timeout',
      takes: 'MS',
      text: 'Longest wait for each response, in milliseconds. Default: 10000.',
    },
    { name: '--output', takes: 'KIND', text: 'The output: text or json. Default: text.' },
    { name: '--listen', takes: 'PORT', text: 'Run the workload on this port, until SIGTERM.' },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.good]: 'no probe failed',
    [exitCode.failed]: 'a probe failed: the workload saw what it must not see; or Node is too old',
    [exitCode.notTested]: 'a probe could not test anything, for example because the token was denied',
    [exitCode.usage]: 'the command line or the configuration is wrong; stderr lists every problem',
  },
  examples: [
    'oidc-authz canary oidc-authz.yaml --url https://orders.example.com/ --token-file token.txt',
    'oidc-authz canary --listen 8080',
  ],
};

/** Runs the canary or its workload. The report is on stdout, problems are on stderr. */
export const canaryCommand: Command = {
  manual: [page],
  run: async (line, self) => {
    const sources = await configSources(line, self, page, true, exitCode.usage);
    try {
      await run(sources);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${formatCommandProblems(error.problems)}\n`);
      process.exitCode = exitCode.usage;
    }
  },
};

async function run(sources: ConfigSources): Promise<void> {
  const isOwn = ({ name }: CommandLineFlag) => page.flags.some((flag) => flag.name === name);
  const flags = sources.flags.filter(isOwn);
  const { last } = createFlagReader(flags);
  const port = last('--listen');
  if (port !== undefined) return listen(port);

  const url = required(last('--url'), '--url');
  const output = last('--output') ?? 'text';
  if (output !== 'text' && output !== 'json')
    throw singleProblem('flag --output', `expected text or json, got ${JSON.stringify(output)}`);
  const { loadConfig } = await import('../config/load/load.ts');
  const config = await loadConfig({ ...sources, flags: sources.flags.filter((flag) => !isOwn(flag)) });
  const caFile = last('--ca-file');
  const { identityHeadersOf, runCanary } = await import('../tools/canary/canary.ts');
  const { canaryJson, canaryText } = await import('../tools/canary/report.ts');
  const token = await tokenOf(last, config.issuers[0]?.issuer ?? '', sources);
  const results = await runCanary({
    ...identityHeadersOf(config),
    url,
    ca:
      caFile === undefined ? undefined : readInputFile(caFile, sources.readFile, `flag --ca-file ${caFile}`),
    anonymousPath: last('--anonymous-path'),
    token,
    nonce: randomBytes(8).toString('hex'),
    timeout: timeoutOf(last('--timeout')),
    clock: systemClock,
  });
  process.stdout.write(output === 'json' ? canaryJson(url, results) : canaryText(url, results));
  const has = (result: string) => results.some((one) => one.result === result);
  process.exitCode = has('failed') ? exitCode.failed : has('unknown') ? exitCode.notTested : exitCode.good;
}

async function tokenOf(
  last: FlagReader['last'],
  issuer: string,
  { readFile }: ConfigSources,
): Promise<string> {
  const file = last('--token-file');
  const clientId = last('--client-id');
  if ((file === undefined) === (clientId === undefined))
    throw singleProblem(
      'flag --token-file',
      'write either --token-file, or --client-id with --client-secret-file',
    );
  if (clientId !== undefined) {
    const secretFile = required(last('--client-secret-file'), '--client-secret-file');
    const { requestToken } = await import('../tools/canary/client-credentials.ts');
    return requestToken({
      issuer,
      clientId,
      clientSecret: readInputFile(secretFile, readFile, `flag --client-secret-file ${secretFile}`).trim(),
      scope: last('--scope') ?? '',
      audience: last('--token-audience') ?? '',
    });
  }
  const source = `flag --token-file ${file}`;
  const text = file === '-' ? readStandardInput() : readInputFile(file ?? '', readFile, source);
  return credentialIn(text, source, ['Bearer']).token;
}

async function listen(port: string): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw singleProblem('flag --listen', `expected a port from 0 to 65535, got ${JSON.stringify(port)}`);
  const { createEchoWorkload } = await import('../tools/canary/echo-workload.ts');
  const server = createEchoWorkload();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), resolve);
  });
  const address = server.address();
  process.stdout.write(
    `the workload of the canary listens on port ${typeof address === 'object' ? address?.port : port}\n`,
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
}

function timeoutOf(text = '10000'): number {
  const timeout = Number(text);
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 600_000)
    throw singleProblem(
      'flag --timeout',
      `expected milliseconds from 1 to 600000, got ${JSON.stringify(text)}`,
    );
  return timeout;
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw singleProblem(`flag ${flag}`, `missing; write ${page.usage.join(', or ')}`);
  return value;
}
