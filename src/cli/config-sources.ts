/** The sources of a command's configuration: its command line, the environment and files. */
import { readFileSync } from 'node:fs';
import type { ConfigSources } from '../config/load/load.ts';
import type { CommandLine, ManualPage, ProgramProcess } from './command.ts';
import { rejectCommandLine } from './exit.ts';

/**
 * Makes the sources of the configuration. Ends the process if the command line has too many words, or if
 * certificates would not be verified.
 *
 * @param page the command's help page
 * @param takesFile whether the word after the command names the configuration file
 * @param usageExitCode the exit code of that end; 2 if undefined
 */
export async function configSources(
  { words, flags }: CommandLine,
  { environment, loadManual }: ProgramProcess,
  page: ManualPage,
  takesFile: boolean,
  usageExitCode?: number,
): Promise<ConfigSources> {
  const reject = (message: string) => rejectCommandLine(message, usageExitCode);
  const [, ...operands] = words;
  const extra = operands.slice(takesFile ? 1 : 0);
  if (extra.length > 0)
    reject(
      `unexpected argument ${JSON.stringify(extra.join(' '))}; ${takesFile ? `${page.name} takes one FILE` : 'name the configuration file with --config FILE'}`,
    );
  const [file] = operands;
  const fileFlag = flags.find(({ name }) => name === '--config');
  if (file !== undefined && fileFlag !== undefined)
    reject(`two configuration files: ${file} and --config ${fileFlag.value ?? ''}; keep one of the two`);
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    reject(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 disables the verification of certificates; unset it, and set `issuers[].caFile` to a private CA',
    );
  const { configFlags } = await import('../config/load/settings.ts');
  const known = new Set([...configFlags(), ...page.flags.map(({ name }) => name)]);
  const hints = flags.every(({ name }) => known.has(name)) ? undefined : await import('./hints.ts');
  return {
    flags: file === undefined ? flags : [...flags, { name: '--config', value: file }],
    environment,
    readFile: (path) => readFileSync(path, 'utf8'),
    foreignProblem: async (text, path) =>
      (await import('../tools/check-config/oauth2-proxy-file.ts')).oauth2ProxyFileProblem(text, path),
    ...(hints !== undefined && { hintOf: hints.createFlagHint(page.name, flags, await loadManual()) }),
  };
}
