/** The exits of the process: at once, or because the command line is wrong. */
import type { ProgramProcess } from './command.ts';

/** The exit code for a command line that is wrong. */
const usageError = 2;

/** Rejects the command line with a message. */
export function rejectCommandLine(message: string, exitCode = usageError): never {
  process.stderr.write(`oidc-authz: ${message}\nSee \`oidc-authz --help\`.\n`);
  process.exit(exitCode);
}

/** Rejects a word that is not the name of a command. Suggests the probable name. */
export async function rejectWord(word: string, { loadManual }: ProgramProcess): Promise<never> {
  const { wordHint } = await import('./hints.ts');
  return rejectCommandLine(`unknown command ${JSON.stringify(word)}${wordHint(word, await loadManual())}`);
}

/** Exits without the log's own exit handler, which waits for a reader or a disk without a time limit. */
export function exitNow(code: number): never {
  process.removeAllListeners('exit');
  process.exit(code);
}
