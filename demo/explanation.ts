/** The last part of the demo: the command `explain` gives the cause of one of its denials. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The denial to explain. */
export interface ExplanationOptions {
  /** The decision ID, as the client received it. */
  readonly decision: string;
  /** The admin port of the authorizer. */
  readonly admin: number;
  /** The reason that the command must name. */
  readonly reason: string;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** The exit code of `explain` for a denial. */
const deniedCode = 1;

/** Runs the command and prints its output; returns false if it does not name the reason. */
export async function explainDenial({
  decision,
  admin,
  reason,
  signal,
  print,
}: ExplanationOptions): Promise<boolean> {
  const words = ['explain', decision, '--admin', `http://127.0.0.1:${admin}`];
  print(`  $ npm start --silent -- ${words.join(' ')}`);
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'inherit'], signal });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  for (const line of ['', ...output.trimEnd().split('\n')]) print(line === '' ? '' : `  ${line}`);
  return code === deniedCode && output.includes(`deny: ${reason}`);
}
