#!/usr/bin/env node
/** The process: the command line and the environment in, signals in, an exit code out. */
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { aboutFile, bareFlags, commands, parseArguments } from './cli/arguments.ts';
import { isQuestion, questionOf } from './cli/questions.ts';
import type { Service } from './cli/serve.ts';
import type { ConfigSources } from './config/load/load.ts';
import { ConfigError } from './config/validate/problems.ts';
import { version } from './runtime/version.ts';

const exitCode = { ended: 0, forced: 1, failed: 1, configuration: 2, defect: 70 };

/** A terminal and npm may both pass on the same Ctrl-C; what comes within this many milliseconds is one signal. */
const sameSignal = 500;

/** How long a start may still take once the end was asked for, in milliseconds. */
const startPatience = 5_000;

/**
 * How V8 deals with memory here. It lets the heap grow to four times what was alive at the last collection, and the
 * place for young objects to 16 MiB twice: tokens that were remembered and forgotten again then take 400 MiB rather than
 * 220, and 10,000 remembered ones 175 rather than 130.
 */
const heapFlags = ['--heap-growing-percent=30', '--semi-space-growth-factor=1'];

/** The oldest Node that this runs on; an older one lacks what it is written with. */
const neededNode = 26;

/** What happens on SIGHUP before a service is there that can read its configuration again: it is noted. */
interface Hangups {
  count: number;
  readonly note: () => void;
}

async function main(argv: readonly string[]): Promise<void> {
  // By default SIGHUP ends a process; this one may be asked to reload before it has read what it is to do.
  const hangups: Hangups = { count: 0, note: () => void hangups.count++ };
  process.on('SIGHUP', hangups.note);
  requireNode(process.versions.node);
  // Before the schema of the options is built: the heap that grows for it does not shrink again.
  for (const flag of heapFlags) setFlagsFromString(flag);
  if (isWorker(argv)) return runWorkerProcess();
  const { flagName, listScalarOptions } = await import('./config/describe/option-list.ts');
  const booleans = new Set(
    listScalarOptions()
      .filter(({ kind }) => kind === 'boolean')
      .map(({ path }) => flagName(path)),
  );
  const isBare = (name: string, next: string) =>
    isQuestion(name) || bareFlags.includes(name) || (booleans.has(name) && !/^(true|false)$/.test(next));
  const { words, flags } = parseArguments(argv, isBare);
  if (process.env.npm_lifecycle_event !== undefined) await refuseFlagsOfNpm(argv);
  const question = questionOf({ words, flags });
  if (question === 'version') return print(`${version}\n`);
  if (question !== undefined) return tellHelp(question.help);

  const [command = 'serve', file, ...rest] = words;
  if (command !== 'serve') process.off('SIGHUP', hangups.note);
  if (command === 'migrate') return runMigrate(argv.slice(argv.indexOf(command) + 1));
  const isAboutFile = aboutFile.includes(command);
  if (!commands.includes(command)) return refuseWord(command);
  if (rest.length > 0 || (!isAboutFile && file !== undefined))
    return refuse(
      `unexpected ${JSON.stringify(words.slice(isAboutFile ? 2 : 1).join(' '))} after ${command}`,
    );
  const named = flags.find(({ name }) => name === '--config');
  if (file !== undefined && named !== undefined)
    return refuse(`two files: ${file}, and --config ${named.value ?? ''}; give one of the two`);
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return refuse(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 would have any issuer believed; unset it, and name a private CA in `issuers[].caFile`',
    );
  }
  const { configFlags } = await import('./config/load/settings.ts');
  const known = new Set(configFlags());
  const unknown = flags.every(({ name }) => known.has(name)) ? undefined : await import('./cli/hints.ts');
  const sources: ConfigSources = {
    flags: isAboutFile && file !== undefined ? [...flags, { name: '--config', value: file }] : flags,
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    foreignProblem: async (text, path) =>
      (await import('./tools/check-config/foreign-file.ts')).foreignProblem(text, path),
    ...(unknown !== undefined && { hintOf: unknown.createFlagHint(command, flags) }),
  };
  if (command === 'compare') {
    const { compareAnswers } = await import('./cli/compare.ts');
    const { output, exitCode: code } = await compareAnswers(sources);
    (code === exitCode.configuration ? process.stderr : process.stdout).write(output);
    process.exitCode = code;
    return;
  }
  if (command === 'check-config') {
    const { checkConfig } = await import('./cli/check-config.ts');
    const { output, exitCode: code, isAnswer = code === 0 } = await checkConfig(sources, readInput);
    (isAnswer ? process.stdout : process.stderr).write(output);
    process.exitCode = code;
    return;
  }
  await runService(sources, hangups);
}

async function runMigrate(argv: readonly string[]): Promise<void> {
  const { migrate } = await import('./cli/migrate.ts');
  const {
    output,
    report,
    exitCode: code,
  } = await migrate({
    argv,
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput,
  });
  process.stderr.write(report);
  print(output);
  process.exitCode = code;
}

/** Whether another process of this program started this one. */
function isWorker([command]: readonly string[]): boolean {
  return process.send !== undefined && command === 'worker';
}

async function runWorkerProcess(): Promise<void> {
  // The one that started this says when it ends; a terminal's signal reaches both.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const { runWorker } = await import('./cli/worker.ts');
  const worker = runWorker(() => exitAtOnce(0), process.env);
  const crash = (error: unknown) => {
    const exit = () => exitAtOnce(exitCode.defect);
    void worker.crashed(error).then(exit, exit);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

async function runService(sources: ConfigSources, hangups: Hangups): Promise<void> {
  let stopRequestedAt: number | undefined;
  let service: Service | undefined;
  const endings: (() => void)[] = [];
  const exit = (code: number): never => {
    for (const end of endings) end();
    exitAtOnce(code);
  };
  let isForced = false;
  const force = (signal: string) => {
    if (isForced) exit(exitCode.forced);
    isForced = true;
    const exitForced = () => exit(exitCode.forced);
    if (service !== undefined) return void service.forced(signal).then(exitForced, exitForced);
    process.stderr.write(`oidc-authz: a second signal (${signal}) forces the stop; the start was not over\n`);
    exitForced();
  };
  const stop = (signal: string) => {
    const now = performance.now();
    if (stopRequestedAt !== undefined && now - stopRequestedAt > sameSignal) force(signal);
    if (stopRequestedAt !== undefined) return;
    stopRequestedAt = now;
    stayUntilExit();
    void service?.stop().then(exit, crash);
    // A start can take minutes where CPU is short, and nobody relies on what has not started.
    setTimeout(() => service ?? exit(exitCode.ended), startPatience);
  };
  let hasCrashed = false;
  const crash = (error: unknown) => {
    if (hasCrashed) return;
    hasCrashed = true;
    stayUntilExit();
    if (service === undefined) process.stderr.write(`oidc-authz: ${inspect(error)}\n`);
    const told = service?.crashed(error) ?? Promise.resolve();
    const exitDefect = () => exit(exitCode.defect);
    void told.then(exitDefect, exitDefect);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  try {
    const { serve } = await import('./cli/serve.ts');
    service = await serve(sources, {
      program: fileURLToPath(import.meta.url),
      atEnd: (end) => void endings.push(end),
      giveUp: () => exit(exitCode.failed),
    });
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    process.stderr.write(`oidc-authz: ${error instanceof Error ? error.message : String(error)}\n`);
    for (const end of endings) end();
    process.exit(isConfig ? exitCode.configuration : exitCode.failed);
  }
  const { reload } = service;
  process.on('SIGHUP', () => void reload());
  process.off('SIGHUP', hangups.note);
  // A signal may have come while the service was starting.
  if (hangups.count > 0) void reload();
  if (stopRequestedAt !== undefined) void service.stop().then(exit, crash);
}

/** Keeps the process from ending by itself, with code 0 and the log's own exit handler, when its last socket is closed. */
function stayUntilExit(): void {
  setInterval(() => {}, 60_000);
}

/** Ends the process without the log's own exit handler, which waits for a reader or a disk for as long as it takes. */
function exitAtOnce(code: number): never {
  process.removeAllListeners('exit');
  process.exit(code);
}

/** Says what to do where Node is too old for what comes next, and ends. */
function requireNode(node: string): void {
  if (Number.parseInt(node, 10) >= neededNode) return;
  process.stderr.write(
    `oidc-authz: it runs on Node ${neededNode} or newer, and this is Node ${node}; install a newer one, or use the image\n`,
  );
  process.exit(exitCode.failed);
}

async function tellHelp(words: readonly string[]): Promise<void> {
  const { helpFor } = await import('./cli/help.ts');
  const text = helpFor(words);
  return text === undefined ? refuseWord(words.join(' ')) : print(text);
}

/** npm takes the flags in front of `--` for its own, and hands them on as variables. */
async function refuseFlagsOfNpm(argv: readonly string[]): Promise<void> {
  const { takenByNpm } = await import('./cli/npm-flags.ts');
  const message = takenByNpm(argv, process.env);
  if (message !== undefined) refuse(message);
}

async function refuseWord(word: string): Promise<never> {
  const { wordHint } = await import('./cli/hints.ts');
  return refuse(`unexpected ${JSON.stringify(word)}${wordHint(word)}`);
}

function refuse(message: string): never {
  process.stderr.write(`oidc-authz: ${message}\nSee \`oidc-authz --help\`.\n`);
  process.exit(exitCode.configuration);
}

/** Reads standard input whole. */
function readInput(): string {
  if (isatty(0)) throw new Error('it is a terminal; name a FILE, or pipe one in');
  return readFileSync(0, 'utf8');
}

function print(text: string): void {
  process.stdout.write(text);
}

await main(process.argv.slice(2));
