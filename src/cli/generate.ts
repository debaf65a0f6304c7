/** `oidc-authz generate`: prints the settings that a proxy must have for a configuration. */

import { ConfigError, type Problem, suggestion } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import type { Printed } from '../tools/generate/generated.ts';
import { type GenerateFlags, targets } from '../tools/generate/options.ts';
import { singleProblem } from '../tools/single-problem.ts';
import type { Command, CommandLine, ManualPage, ProgramProcess } from './command.ts';
import { formatCommandProblems, isOfCommandLine } from './command-problems.ts';
import { configSources } from './config-sources.ts';
import { createFlagReader } from './flag-reader.ts';

const exitCode = { good: 0, wrong: 2, usage: 3 };

const page: ManualPage = {
  name: 'generate',
  summary: 'print the settings that a mesh or proxy must have',
  usage: [
    'oidc-authz generate kyma [FILE] [--existing FILE]',
    'oidc-authz generate kyma [FILE] --apirule --backend NAME:PORT',
    'oidc-authz generate istio [FILE]',
    'oidc-authz generate istio [FILE] --authorization-policy --workload KEY=VALUE',
    'oidc-authz generate envoy [FILE] [--bootstrap --backend HOST:PORT]',
    'oidc-authz generate envoy-gateway [FILE] --route NAME',
    'oidc-authz generate contour [FILE] --backend NAME:PORT',
    'oidc-authz generate gateway-api [FILE] --backend NAME:PORT --gateway NAME',
  ],
  about: [
    'Prints the header lists, the port, the timeout and the path prefix that the configuration needs, as YAML with comments. FILE is the configuration, or the values of the Helm chart.',
    'For Kyma, it prints a JSON patch that appends to the authorizers of the Istio resource.',
    'It reads no key and no certificate, and connects to nothing.',
  ],
  flags: [
    { name: '--name', takes: 'NAME', text: 'Name of the authorizer in the mesh. Default: oidc-authz.' },
    {
      name: '--service',
      takes: 'NAME',
      text: 'The Service of the authorizer, or its full host name. Default: oidc-authz.',
    },
    { name: '--namespace', takes: 'NAME', text: 'The namespace of that Service. Default: oidc-authz.' },
    {
      name: '--transport',
      takes: 'http|grpc',
      text: 'How the proxy sends checks. Default: http, but grpc for contour, for envoy-gateway with a login, and if `http.enabled` is false.',
    },
    {
      name: '--timeout',
      takes: 'TIME',
      text: 'How long the proxy waits for a check. Default: `limits.meshTimeout`.',
    },
    {
      name: '--policy',
      takes: 'NAME',
      text: 'The policy of `policies` that decides. Kyma and Istio have an entry for each policy without it.',
    },
    {
      name: '--existing',
      takes: 'FILE',
      text: "kyma: Kyma's current Istio resource. The patch then fits it, and applies only once.",
    },
    { name: '--apirule', text: 'kyma: print an APIRule for each host instead of the patch.' },
    { name: '--authorization-policy', text: 'istio: print the policies instead of the provider.' },
    { name: '--bootstrap', text: 'envoy: print a whole file instead of the filter and the cluster.' },
    {
      name: '--backend',
      takes: 'NAME:PORT',
      text: 'The Service of the workload and its port. For envoy, a host is also possible.',
    },
    {
      name: '--workload',
      takes: 'KEY=VALUE',
      text: 'istio: a label of the pods to guard; repeatable.',
    },
    {
      name: '--workload-namespace',
      takes: 'NAME',
      text: 'The namespace of the workload, its route or its Gateway. Default: default.',
    },
    {
      name: '--host',
      takes: 'LIST',
      text: 'Hosts of the workload; repeatable. Default: the hosts of the rules for kyma and contour, otherwise every host.',
    },
    {
      name: '--gateway',
      takes: 'NAME',
      text: 'The Gateway, as NAME or NAMESPACE/NAME. For kyma the default is kyma-system/kyma-gateway.',
    },
    { name: '--route', takes: 'NAME', text: 'envoy-gateway: the HTTPRoute to guard.' },
    { name: '--output', takes: 'yaml|json', text: 'The format. Default: yaml, with comments.' },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.good]: 'the settings are on stdout',
    1: 'Node is too old',
    [exitCode.wrong]: 'the configuration is invalid, or the target cannot do what it needs',
    [exitCode.usage]: 'the command line is wrong; stderr lists every problem',
  },
  examples: [
    'oidc-authz generate kyma oidc-authz.yaml --existing istio.yaml > patch.yaml',
    'oidc-authz generate istio values.yaml --authorization-policy --workload app=orders --workload-namespace shop',
    'oidc-authz generate envoy oidc-authz.yaml --bootstrap --backend orders.shop.svc.cluster.local:80',
  ],
};

/** Generates; the settings are on stdout, problems are on stderr. */
export const generateCommand: Command = {
  manual: [page],
  run: async (line, self) => {
    try {
      const { output, notes } = await generateFrom(line, self);
      process.stderr.write(notes);
      process.stdout.write(output);
      process.exitCode = exitCode.good;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const isUsage = error.problems.every(isOfCommandLine);
      process.stderr.write(`${formatCommandProblems(error.problems)}\n`);
      process.exitCode = isUsage ? exitCode.usage : exitCode.wrong;
    }
  },
};

async function generateFrom(line: CommandLine, self: ProgramProcess): Promise<Printed> {
  const [command = '', word = '', ...operands] = line.words;
  const target = targets.find((one) => one === word);
  if (target === undefined) throw unknownTarget(word);
  const named = line.flags.filter(({ name }) => name === '--config').length;
  if (operands.length + named > 1)
    throw singleProblem('generate', 'several configuration files; name one FILE');
  const sources = await configSources({ ...line, words: [command, ...operands] }, self, page, true);
  const isOwn = (name: string) => page.flags.some((flag) => flag.name === name);
  const own = readFlags(line);

  const { checkConfig } = await import('../tools/check-config/check-config.ts');
  const others = sources.flags.filter(({ name }) => !isOwn(name));
  const { notes, result } = await checkConfig({ ...sources, flags: others }, false);
  if ('problems' in result) throw new ConfigError(result.problems);
  const { generate } = await import('../tools/generate/generate.ts');
  const { printGenerated } = await import('../tools/generate/generated.ts');
  const generated = generate(target, result.config, own.flags, sources.readFile);
  const printed = printGenerated(generated, own.output);
  return { ...printed, notes: notes.map((note) => `${note}\n`).join('') + printed.notes };
}

function unknownTarget(word: string): ConfigError {
  const message =
    word === ''
      ? `the target is missing; write generate and one of ${targets.join(', ')}`
      : `unknown target ${JSON.stringify(word)}${suggestion(word, targets) || `; the targets are ${targets.join(', ')}`}`;
  return singleProblem('generate', message);
}

/** Reads the command's own flags. */
function readFlags({ flags }: CommandLine): {
  readonly flags: GenerateFlags;
  readonly output: 'yaml' | 'json';
} {
  const withoutValue = flags.flatMap(({ name, value = '' }): Problem[] => {
    const own = page.flags.find((flag) => flag.name === name);
    const source = `flag ${name}`;
    if (own?.takes !== undefined && value === '')
      return [{ path: '', source, message: 'must have a value; write it after the flag' }];
    return own !== undefined && own.takes === undefined && value !== ''
      ? [{ path: '', source, message: 'takes no value; remove it' }]
      : [];
  });
  if (withoutValue.length > 0) throw new ConfigError(withoutValue);
  const { last, all: valuesOf, has } = createFlagReader(flags);
  const all = (flag: string) => valuesOf(flag).flatMap(splitCommaList);
  const output = last('--output') ?? 'yaml';
  if (output !== 'yaml' && output !== 'json') throw singleProblem('flag --output', 'must be yaml or json');
  return {
    output,
    flags: {
      name: last('--name'),
      namespace: last('--namespace'),
      service: last('--service'),
      transport: last('--transport'),
      timeout: last('--timeout'),
      policy: last('--policy'),
      workload: all('--workload'),
      workloadNamespace: last('--workload-namespace'),
      backend: last('--backend'),
      host: all('--host'),
      gateway: last('--gateway'),
      route: last('--route'),
      existing: last('--existing'),
      apirule: has('--apirule'),
      authorizationPolicy: has('--authorization-policy'),
      bootstrap: has('--bootstrap'),
    },
  };
}
