/** `oidc-authz explain`: explains the answer to a request, step by step. */

import { ConfigError } from '../config/validate/problems.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { adminTokenFlag, tlsFlags } from './access-flags.ts';
import type { Command, CommandLine, ManualPage, ProgramProcess } from './command.ts';
import { formatCommandProblems } from './command-problems.ts';
import { configSources } from './config-sources.ts';
import { readStandardInput } from './standard-input.ts';

const exitCode = { allow: 0, deny: 1, error: 2, usage: 3 };

const page: ManualPage = {
  name: 'explain',
  summary: 'explain why a request is allowed or denied',
  usage: [
    'oidc-authz explain [FILE] [REQUEST.json] [--token-file FILE] [--path P] [--host H]',
    'oidc-authz explain --admin URL [REQUEST.json] [--token-file FILE] [--path P]',
    'oidc-authz explain ID --admin URL',
    'oidc-authz explain --grpc HOST:PORT [REQUEST.json] [--token-file FILE]',
    'oidc-authz explain --http URL [REQUEST.json] [--token-file FILE]',
  ],
  about: [
    'Runs a check with the code of the service, and prints each step with what it expected and found, then the decision and its fix.',
    'FILE is the configuration. With --admin, the running service answers with its own keys, cache and rules, and ID is the decision ID of a denial. With --grpc or --http, the command asks a check port as Envoy does.',
    'It never prints a token. It prints claims only with --show-claims (docs/explain.md).',
  ],
  flags: [
    { name: '--config', takes: 'FILE', text: 'The configuration; the same as FILE.' },
    { name: '--admin', takes: 'URL', text: 'The admin listener of a running service.' },
    adminTokenFlag,
    { name: '--grpc', takes: 'HOST:PORT', text: 'A gRPC check port to ask as Envoy does.' },
    { name: '--http', takes: 'URL', text: 'An HTTP check port to ask as Envoy does.' },
    ...tlsFlags,
    { name: '--tls', text: 'Use TLS with --grpc. --ca-file and --cert-file imply it.' },
    {
      name: '--token-file',
      takes: 'FILE',
      text: 'A file with the token; `-` is standard input. Default: a request without a token.',
    },
    { name: '--method', takes: 'M', text: 'Method of the request. Default: GET.' },
    { name: '--host', takes: 'H', text: 'Host of the request. Default: localhost.' },
    { name: '--path', takes: 'P', text: 'Path of the request, with its query. Default: /.' },
    { name: '--header', takes: 'LINE', text: "A header, such as 'x-tenant: blue'; repeatable." },
    { name: '--policy', takes: 'NAME', text: 'The policy that the proxy names, as over gRPC.' },
    { name: '--path-prefix', takes: 'P', text: 'The prefix that the proxy adds to the path, as over HTTP.' },
    {
      name: '--at',
      takes: 'TIME',
      text: 'The time of the check, such as 2026-11-26T12:00:00Z, or seconds since 1970. Only with a configuration.',
    },
    {
      name: '--jwks',
      takes: 'FILE',
      text: "Key set of the token's issuer, instead of a fetch. Only with a configuration.",
    },
    { name: '--output', takes: 'KIND', text: 'The output: text or json. Default: text.' },
    { name: '--show-claims', text: 'Print the claims of a verified token; they can be personal data.' },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.allow]: 'the request is allowed',
    [exitCode.deny]: 'the request is denied; or Node is too old',
    [exitCode.error]:
      'there is no decision: the check ends in an error, there is no answer, or jose differs from this service',
    [exitCode.usage]: 'the command line, a file or the configuration is wrong; stderr lists every problem',
  },
  examples: [
    'oidc-authz explain oidc-authz.yaml --token-file token.txt --host orders.example.com --path /orders/1',
    'get-token | oidc-authz explain --admin http://127.0.0.1:8081 --token-file - --path /orders/1',
    'oidc-authz explain 7rkd2mq4xw3za --admin http://127.0.0.1:8081',
    'oidc-authz explain --grpc 127.0.0.1:9000 --token-file token.txt --output json',
  ],
};

/** Explains; the answer is on stdout, problems are on stderr. */
export const explainCommand: Command = {
  manual: [page],
  run: async (line, self) => {
    const hasColors = process.stdout.isTTY === true && !self.environment.NO_COLOR;
    const { output, problem, exitCode: code } = await runExplain(line, self, readStandardInput, hasColors);
    process.stdout.write(output);
    process.stderr.write(problem);
    process.exitCode = code;
  },
};

/** The outputs of the command, and its exit code. */
interface Explained {
  readonly output: string;
  readonly problem: string;
  readonly exitCode: number;
}

/** Runs the command without its output. */
export async function runExplain(
  line: CommandLine,
  self: ProgramProcess,
  readInput: () => string,
  hasColors: boolean,
): Promise<Explained> {
  const { NoAnswer } = await import('../tools/http-client.ts');
  try {
    const { operandsOf } = await import('./explain/operands.ts');
    const operands = operandsOf(line.words.slice(1));
    const words = ['explain', ...operands.configs];
    const sources = await configSources({ ...line, words }, self, page, true, exitCode.usage);
    const { readCommand } = await import('./explain/read-command.ts');
    const { ask, output, secrets } = await readCommand(sources, operands, page, readInput);
    const result = await ask(systemClock);
    const { endOf } = await import('../tools/explain/result.ts');
    const { outputOf } = await import('../tools/explain/output.ts');
    return {
      output: outputOf(result, output, hasColors, secrets),
      problem: '',
      exitCode: exitCode[endOf(result)],
    };
  } catch (error) {
    if (error instanceof ConfigError)
      return { output: '', problem: `${formatCommandProblems(error.problems)}\n`, exitCode: exitCode.usage };
    if (error instanceof NoAnswer)
      return { output: '', problem: `oidc-authz: ${error.message}\n`, exitCode: exitCode.error };
    // Not thrown: Node.js would exit with 1, which means that the request is denied.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { output: '', problem: `oidc-authz: explain failed: ${text}\n`, exitCode: exitCode.error };
  }
}
