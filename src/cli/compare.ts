/** `oidc-authz compare`: compares the answers of an oauth2-proxy and of a configuration. */

import type { ConfigSources } from '../config/load/load.ts';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { singleProblem } from '../tools/single-problem.ts';
import type { Command, ManualPage } from './command.ts';
import { configSources } from './config-sources.ts';
import { createFlagReader } from './flag-reader.ts';

const exitCode = { alike: 0, different: 1, wrong: 2 };

const page: ManualPage = {
  name: 'compare',
  summary: 'compare an oauth2-proxy with a configuration',
  usage: [
    'oidc-authz compare [FILE] --oauth2-proxy URL --tokens FILE',
    'oidc-authz compare --oidc-authz URL --oauth2-proxy URL --tokens FILE',
  ],
  about: [
    'Sends each token, and a request without a token, to both. Prints every difference between the answers. FILE is the configuration; --oidc-authz names a running service instead.',
  ],
  flags: [
    {
      name: '--oauth2-proxy',
      takes: 'URL',
      text: 'The URL of oauth2-proxy, such as http://127.0.0.1:4180.',
    },
    { name: '--oidc-authz', takes: 'URL', text: 'The URL of a running oidc-authz (HTTP), instead of FILE.' },
    {
      name: '--tokens',
      takes: 'FILE',
      text: 'A file with one token on each line; lines that begin with # are ignored.',
    },
    { name: '--method', takes: 'LIST', text: 'Methods of the requests; repeatable. Default: GET.' },
    { name: '--path', takes: 'LIST', text: 'Paths of the requests; repeatable. Default: /.' },
    { name: '--host', takes: 'H', text: 'Host of the requests. Default: compare.invalid.' },
    { name: '--show-values', text: 'Print the values that differ; they can be personal data.' },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.alike]: 'both make the same decisions and name the same callers',
    [exitCode.different]: 'a decision or a caller differs; or Node is too old',
    [exitCode.wrong]:
      'the command line or the configuration is wrong (stderr lists every problem), there is no token, or one of the two does not answer',
  },
  examples: [
    'oidc-authz compare oidc-authz.yaml --oauth2-proxy http://127.0.0.1:4180 --tokens tokens.txt',
    'oidc-authz compare oidc-authz.yaml --oauth2-proxy http://127.0.0.1:4180 --tokens tokens.txt --path /a,/b --method GET,POST',
  ],
};

/** Compares; the report is on stdout, problems are on stderr. */
export const compare: Command = {
  manual: [page],
  run: async (line, self) => {
    const sources = await configSources(line, self, page, true);
    try {
      const { output, isAlike } = await compareWith(sources);
      process.stdout.write(output);
      process.exitCode = isAlike ? exitCode.alike : exitCode.different;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${formatProblems(error.problems)}\n`);
      process.exitCode = exitCode.wrong;
    }
  },
};

async function compareWith(sources: ConfigSources) {
  const isOwn = ({ name }: CommandLineFlag) => page.flags.some((flag) => flag.name === name);
  const flags = sources.flags.filter(isOwn);
  const configured = { ...sources, flags: sources.flags.filter((flag) => !isOwn(flag)) };
  const oauth2ProxyUrl = required(flags, '--oauth2-proxy');
  const tokenFile = required(flags, '--tokens');
  const { authorizerAt, compareAnswers } = await import('../tools/compare/compare.ts');
  const { comparedRequests } = await import('../tools/compare/requests.ts');
  const requests = comparedRequests({
    methods: listOf(flags, '--method', 'GET'),
    paths: listOf(flags, '--path', '/'),
    host: listOf(flags, '--host', 'compare.invalid')[0] ?? '',
    tokenFile,
    readFile: sources.readFile,
  });
  const oauth2Proxy = authorizerAt(oauth2ProxyUrl, 'flag --oauth2-proxy');
  const url = createFlagReader(flags).last('--oidc-authz');
  if (url !== undefined && configured.flags.length > 0)
    throw singleProblem(
      'flag --oidc-authz',
      'a running service has its own configuration; remove FILE and the flags of the configuration',
    );
  const service = url === undefined ? await startService(configured) : { url, stop: async () => {} };
  try {
    return await compareAnswers(
      requests,
      oauth2Proxy,
      authorizerAt(service.url, 'flag --oidc-authz'),
      flags.some(({ name }) => name === '--show-values'),
    );
  } finally {
    await service.stop();
  }
}

async function startService(sources: ConfigSources) {
  const { loadConfig } = await import('../config/load/load.ts');
  const { startInProcess } = await import('../tools/in-process-service.ts');
  return startInProcess(await loadConfig(sources), sources);
}

/** The entries of a flag that can be repeated; the default if the flag is absent. */
function listOf(flags: readonly CommandLineFlag[], flag: string, preset: string): readonly string[] {
  const values = createFlagReader(flags).all(flag).flatMap(splitCommaList);
  return values.length === 0 ? [preset] : values;
}

function required(flags: readonly CommandLineFlag[], flag: string): string {
  const value = createFlagReader(flags).last(flag);
  if (value === undefined)
    throw singleProblem(
      `flag ${flag}`,
      'missing; write compare --oauth2-proxy URL --tokens FILE, and --config FILE or --oidc-authz URL',
    );
  return value;
}
