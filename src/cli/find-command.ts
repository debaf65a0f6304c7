/** Finds the command that a command line names. */
import { type Arguments, parseArguments } from './arguments.ts';
import type { Command, CommandLine, ManualPage, ProgramProcess } from './command.ts';
import { commands, loadWorker } from './commands.ts';
import { rejectCommandLine, rejectWord } from './exit.ts';

const helpFlags = ['--help', '-h'];
const versionFlags = ['--version', '-v', '-V'];

/** A command, and the command line to run it with. */
export interface FoundCommand {
  readonly command: Command;
  readonly line: CommandLine;
}

/**
 * Finds the command. The first word names it, even after flags; without a word it is `serve`. `--help` and `--version` win
 * over it. Ends the process with exit code 2 if there is no such command.
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
  const named = await findNamed(argv, self);
  const { command, words, flags } = named ?? (await parseFor('serve', argv));
  if (self.environment.npm_lifecycle_event !== undefined) await rejectFlagsOfNpm(argv, self);

  const [name = 'serve'] = words;
  const has = (wanted: readonly string[]) => flags.some((flag) => wanted.includes(flag.name));
  if (name !== 'help' && has(helpFlags)) {
    // A command of several kinds has a page for each.
    const topic = words.slice(0, command.manual.length > 1 ? 2 : 1);
    return { command: await load('help'), line: { argv, words: ['help', ...topic], flags } };
  }
  if (name !== 'help' && has(versionFlags))
    return { command: await load('version'), line: { argv, words: ['version'], flags } };
  if (!isName(name)) return rejectWord(name, self);
  return { command, line: { argv, words, flags } };
}

type Parsed = Arguments & { readonly command: Command };

/** The command that the first word names; undefined if there is no word, or no command of that name. */
async function findNamed(argv: readonly string[], self: ProgramProcess): Promise<Parsed | undefined> {
  const [first = ''] = argv;
  if (isName(first)) return parseFor(first, argv);
  if (!first.startsWith('-') || !argv.some(isName)) return undefined;
  // Flags of any command may come before its name, so the flags without a value of all commands count.
  const { words, flags } = await parseWith(await self.loadManual(), argv);
  const [name = ''] = words;
  return isName(name) ? { command: await load(name), words, flags } : undefined;
}

async function parseFor(name: string, argv: readonly string[]): Promise<Parsed> {
  const command = await load(name);
  return { command, ...(await parseWith(command.manual, argv)) };
}

/** Parses a command line whose own flags are those of the help pages. */
async function parseWith(manual: readonly ManualPage[], argv: readonly string[]): Promise<Arguments> {
  const own = manual.flatMap(({ flags }) => flags.filter(({ takes }) => takes === undefined));
  const bare = new Set([...helpFlags, ...versionFlags, ...own.map((flag) => flag.name)]);
  const hasOtherFlags = argv.some((word) => word.startsWith('--') && !bare.has(word));
  const booleans = hasOtherFlags ? await booleanFlags() : new Set();
  const isBare = (flag: string, next: string) =>
    bare.has(flag) || (booleans.has(flag) && !/^(true|false)$/.test(next));
  return parseArguments(argv, isBare);
}

/** The flags of the configuration that need no value. */
async function booleanFlags(): Promise<ReadonlySet<string>> {
  const { flagName, listScalarOptions } = await import('../config/describe/option-list.ts');
  const booleans = listScalarOptions().filter(({ kind }) => kind === 'boolean');
  return new Set(booleans.map(({ path }) => flagName(path)));
}

function isName(word: string): boolean {
  return Object.hasOwn(commands, word);
}

function load(name: string): Promise<Command> {
  const found = commands[name];
  if (found === undefined) throw new TypeError(`there is no command ${name}`);
  return found();
}

/** npm keeps the flags before `--` for itself and passes them on as variables. */
async function rejectFlagsOfNpm(argv: readonly string[], { environment, loadManual }: ProgramProcess) {
  const { flagsTakenByNpm } = await import('./npm-flags.ts');
  const { configFlags } = await import('../config/load/settings.ts');
  const own = (await loadManual()).flatMap(({ flags }) => flags.map(({ name }) => name));
  const message = flagsTakenByNpm([...configFlags(), ...own], argv, environment);
  if (message !== undefined) rejectCommandLine(message);
}
