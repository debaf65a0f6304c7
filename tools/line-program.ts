/** A program that answers each line of its input with a line of output, in order. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A running program. */
export interface LineProgram {
  /** Sends a line, and returns its answer. */
  readonly ask: (line: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a program. */
export function startLineProgram(path: string, args: readonly string[] = []): LineProgram {
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  return {
    ask: (line) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${line}\n`);
      }),
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.stdin.end();
      }),
  };
}
