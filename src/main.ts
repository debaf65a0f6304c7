#!/usr/bin/env node
/** Finds the command and runs it. Loads only the file of this command. */
import type { EarlyHangups, ProgramProcess } from './cli/command.ts';
import { loadManual } from './cli/commands.ts';
import { findCommand } from './cli/find-command.ts';
import { keepTickShape } from './runtime/tick-shape.ts';

/** The oldest major version of Node that runs this code. */
const requiredNode = 26;

/**
 * V8's defaults let the heap grow to four times its live size, and the space for young objects from 1 to 16 MiB. With these flags,
 * 10,000 cached tokens take 110 MB instead of 175. A young space of 2 MiB would take 3 to 6 MB more, and save at most 3 % of
 * the CPU time of a check.
 */
const heapFlags = ['--heap-growing-percent=30', '--semi-space-growth-factor=1'];

/** Modules of Node that every service loads. */
const modulesOfServices = ['assert', 'cluster', 'crypto', 'dns', 'https', 'perf_hooks', 'tty', 'v8', 'zlib'];

async function main(argv: readonly string[]): Promise<void> {
  const self: ProgramProcess = {
    program: import.meta.filename,
    environment: process.env,
    // First of all, because a SIGHUP before the configuration is read would end the process.
    earlyHangups: countHangups(),
    loadManual,
  };
  requireNode(process.versions.node);
  // Before a flag is set: V8 then rejects the compiled code that is part of Node, and compiles such a module again.
  for (const name of modulesOfServices) process.getBuiltinModule(`node:${name}`);
  // Before the schema of the options is built, because the heap does not shrink after that.
  // Not imports: they read every export of a module.
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { executionAsyncResource } = process.getBuiltinModule('node:async_hooks');
  for (const flag of heapFlags) setFlagsFromString(flag);
  keepTickShape(executionAsyncResource);
  const { command, line } = await findCommand(argv, self, process.send !== undefined);
  if (command.handlesHangup !== true) self.earlyHangups.stopCounting();
  await command.run(line, self);
}

function countHangups(): EarlyHangups {
  let count = 0;
  const add = () => void count++;
  process.on('SIGHUP', add);
  return { count: () => count, stopCounting: () => void process.off('SIGHUP', add) };
}

function requireNode(node: string): void {
  if (Number.parseInt(node, 10) >= requiredNode) return;
  process.stderr.write(
    `oidc-authz: Node ${node} is too old; install Node ${requiredNode} or newer, or use the image\n`,
  );
  process.exit(1);
}

await main(process.argv.slice(2));
