/** Finds the command that a command line names. */
import { type Arguments, parseArguments } from './arguments.ts';
import type { Command, CommandLine, ProgramProcess } from './command.ts';
import { commands, loadWorker } from './commands.ts';
import { rejectCommandLine, rejectWord } from './exit.ts';

const helpFlags = ['--help', '-h'];
const versionFlags = ['--version', '-v', '-V'];

/** The beginning of a signed or encrypted token, in the compact form. */
const tokenPattern = /\beyJ[\w-]{8,}\.[\w-]{8,}/;

/** A command, and the command line to run it with. */
export interface FoundCommand {
  readonly command: Command;
  readonly line: CommandLine;
}

/**
 * Finds the command. The first word names it, even after flags; without a word it is `serve`. `--help` and `--version` take
 * precedence. Ends the process with exit code 2 if there is no such command.
 *
 * @param isChild whether another process of this program started this one
 */
export async function findCommand(
  argv: readonly string[],
  self: ProgramProcess,
  isChild: boolean,
): Promise<FoundCommand> {
  if (isChild && argv[0] === 'worker')
    return { command: await loadWorker(), line: { argv, words: [], flags: [] } };
  const { words, flags } = await parse(argv, self);
  if (self.environment.npm_lifecycle_event !== undefined) await rejectFlagsOfNpm(argv, self);

  const [name = 'serve'] = words;
  const has = (wanted: readonly string[]) => flags.some((flag) => wanted.includes(flag.name));
  if (name !== 'help' && has(helpFlags)) {
    // A command of several kinds has a page for each.
    const pages = isName(name) ? (await load(name)).manual.length : 0;
    const topic = words.slice(0, pages > 1 ? 2 : 1);
    return { command: await load('help'), line: { argv, words: ['help', ...topic], flags } };
  }
  if (name !== 'help' && has(versionFlags))
    return { command: await load('version'), line: { argv, words: ['version'], flags } };
  if (argv.some((word) => tokenPattern.test(word)))
    return rejectToken(isName(name) ? await load(name) : undefined);
  if (!isName(name)) return rejectWord(name, self);
  return { command: await load(name), line: { argv, words, flags } };
}

/** Rejects a token, before a message can quote it. */
function rejectToken(command: Command | undefined): never {
  const hasUsageCode = command?.manual.some(({ exitCodes }) => exitCodes[3]?.startsWith('the command line'));
  return rejectCommandLine(
    'a token on the command line is visible to other users; write it to a file for --token-file, or pipe it to --token-file -',
    hasUsageCode === true ? 3 : 2,
  );
}

/** Parses a command line. A flag of any command may come before the command's name. */
async function parse(argv: readonly string[], self: ProgramProcess): Promise<Arguments> {
  const questions = [...helpFlags, ...versionFlags];
  const others = argv.filter((word) => word.startsWith('--') && word !== '--' && !questions.includes(word));
  if (others.length === 0) return parseArguments(argv, (flag) => questions.includes(flag));
  const { booleanFlags, configFlags } = await import('../config/load/settings.ts');
  const booleans = new Set(booleanFlags());
  const bare = [...questions, ...(await ownBareFlags(others, configFlags(), self))];
  const isBare = (flag: string, next: string) =>
    bare.includes(flag) || (booleans.has(flag) && !/^(true|false)$/.test(next));
  return parseArguments(argv, isBare);
}

/** The commands' own flags that take no value. Does not load the help pages if every flag is the configuration's. */
async function ownBareFlags(
  used: readonly string[],
  ofConfig: readonly string[],
  self: ProgramProcess,
): Promise<readonly string[]> {
  if (used.every((word) => ofConfig.includes(word.replace(/=.*/s, '')))) return [];
  const own = (await self.loadManual()).flatMap(({ flags }) => flags);
  return own.filter(({ takes }) => takes === undefined).map(({ name }) => name);
}

function isName(word: string): boolean {
  return Object.hasOwn(commands, word);
}

function load(name: string): Promise<Command> {
  const found = commands[name];
  if (found === undefined) throw new TypeError(`there is no command ${name}`);
  return found();
}

/** Rejects flags before `--` in `npm start`: npm reads them itself, and passes them on only as environment variables. */
async function rejectFlagsOfNpm(argv: readonly string[], { environment, loadManual }: ProgramProcess) {
  const { flagsTakenByNpm } = await import('./npm-flags.ts');
  const { configFlags } = await import('../config/load/settings.ts');
  const own = (await loadManual()).flatMap(({ flags }) => flags.map(({ name }) => name));
  const message = flagsTakenByNpm([...configFlags(), ...own], argv, environment);
  if (message !== undefined) rejectCommandLine(message);
}
