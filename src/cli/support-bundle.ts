/** `oidc-authz support-bundle`: collects what helps to find the cause of a problem into one file. */
import { writeFileSync } from 'node:fs';
import type { ConfigSources } from '../config/load/load.ts';
import { ConfigError, formatProblems } from '../config/validate/problems.ts';
import { escapeInvisible } from '../observe/escape-invisible.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { adminTokenFlag, tlsFlags } from './access-flags.ts';
import type { Command, ManualPage } from './command.ts';
import { configSources } from './config-sources.ts';

const exitCode = { collected: 0, nothing: 2, usage: 3 };

const defaultFile = 'oidc-authz-support-bundle.json';

const page: ManualPage = {
  name: 'support-bundle',
  summary: 'collect a file for a bug report',
  usage: ['oidc-authz support-bundle [FILE] [--admin URL ...] [--output FILE]'],
  about: [
    'Collects the configuration, the state of running services, their metrics and last denials, and facts about this machine into one JSON file.',
    'The file has no tokens, claim values, secrets, header values or queries. It has the names of issuers, hosts and paths. Read it before you publish it (docs/support-bundle.md).',
    'FILE is the configuration, or the values of the Helm chart.',
  ],
  flags: [
    { name: '--config', takes: 'FILE', text: 'The configuration; the same as FILE.' },
    { name: '--admin', takes: 'URL', text: 'The admin listener of a running service; repeatable.' },
    adminTokenFlag,
    ...tlsFlags,
    {
      name: '--output',
      takes: 'FILE',
      text: `The file to write; \`-\` is standard output. Default: ${defaultFile}.`,
    },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.collected]: 'the bundle is written; stderr lists the parts that it does not have',
    1: 'Node is too old',
    [exitCode.nothing]:
      'there is neither a configuration nor a service that answers, or the file cannot be written',
    [exitCode.usage]: 'the command line is wrong, or a file that it names cannot be read',
  },
  examples: [
    'oidc-authz support-bundle oidc-authz.yaml',
    'oidc-authz support-bundle values.yaml --admin http://127.0.0.1:8081',
    'oidc-authz support-bundle --admin http://127.0.0.1:8081 --output -',
  ],
};

/** Collects; the bundle is in a file or on stdout, everything else is on stderr. */
export const supportBundleCommand: Command = {
  manual: [page],
  run: async (line, self) => {
    const sources = await configSources(line, self, page, true, exitCode.usage);
    try {
      process.exitCode = await writeBundle(sources);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${formatProblems(error.problems, 'the command line')}\n`);
      process.exitCode = exitCode.usage;
    }
  },
};

async function writeBundle(sources: ConfigSources): Promise<number> {
  const { createFlagReader } = await import('./flag-reader.ts');
  const { readAdminAccess } = await import('./admin-access.ts');
  const { singleProblem } = await import('../tools/single-problem.ts');
  const urls = createFlagReader(sources.flags).all('--admin');
  // The configuration has `--admin-token-file` too.
  const isOwn = (name: string) =>
    name !== '--config' &&
    (name !== '--admin-token-file' || urls.length > 0) &&
    page.flags.some((flag) => flag.name === name);
  const flags = sources.flags.filter(({ name }) => isOwn(name));
  for (const { name, value = '' } of flags)
    if (value === '') throw singleProblem(`flag ${name}`, 'must have a value; write it after the flag');
  const reader = createFlagReader(flags);
  if (urls.length === 0)
    for (const { name } of flags)
      if (name !== '--output') throw singleProblem(`flag ${name}`, 'only allowed with --admin');

  const accesses = urls.map((url) => readAdminAccess(reader, url, sources.readFile));
  const configured = { ...sources, flags: sources.flags.filter(({ name }) => !isOwn(name)) };
  const { collectBundle } = await import('../tools/support-bundle/support-bundle.ts');
  const { bundle, missing, isEmpty } = await collectBundle(configured, accesses, systemClock);
  for (const part of missing) process.stderr.write(`oidc-authz: not collected: ${part}\n`);
  if (isEmpty) {
    process.stderr.write(
      'oidc-authz: nothing was collected; write FILE, or --admin URL of a running service\n',
    );
    return exitCode.nothing;
  }
  return write(
    `${escapeInvisible(JSON.stringify(bundle, null, 2))}\n`,
    reader.last('--output') ?? defaultFile,
  );
}

function write(text: string, file: string): number {
  if (file === '-') {
    process.stdout.write(text);
    return exitCode.collected;
  }
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`oidc-authz: cannot write ${file}: ${why}; choose another file with --output\n`);
    return exitCode.nothing;
  }
  process.stderr.write(`oidc-authz: wrote ${file}; read it before you publish it\n`);
  return exitCode.collected;
}
