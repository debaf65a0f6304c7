/** Starts open loops, each in a separate process. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canPin } from '../servers.ts';
import type { OpenLoad, OpenResult } from './open.ts';

/** Runs a load, on the second core if processes can be pinned. @throws Error if no request is answered */
export async function runOpen(load: OpenLoad): Promise<OpenResult> {
  const command = [process.execPath, fileURLToPath(new URL('open.ts', import.meta.url))];
  const [program = '', ...args] = canPin ? ['taskset', '-c', '1', ...command] : command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(load));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const result: OpenResult = JSON.parse(Buffer.concat(chunks).toString());
  if (result.allowed + result.denied + result.overloaded === 0)
    throw new Error(`no request to port ${load.port} was answered`);
  return result;
}
