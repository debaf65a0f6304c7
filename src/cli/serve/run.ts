/** A process that serves: signals in, an exit code out. */
import { inspect } from 'node:util';
import type { ConfigSources } from '../../config/load/load.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import { systemClock } from '../../runtime/time/clock.ts';
import type { ProgramProcess } from '../command.ts';
import { exitNow } from '../exit.ts';
import type { Service } from './service.ts';

const exitCode = { stopped: 0, forced: 1, failed: 1, configuration: 2, defect: 70 };

/** A terminal and npm may both pass on one Ctrl-C: signals within this many milliseconds count as one. */
const sameSignal = 500;

/** How long a start may continue after a stop was requested, in milliseconds. */
const startTimeout = 5_000;

/** Starts the service. Then stops it, reloads it or exits when a signal or an error requires it. */
export async function runService(sources: ConfigSources, self: ProgramProcess): Promise<void> {
  let stopRequestedAt: number | undefined;
  let service: Service | undefined;
  const exitHandlers: (() => void)[] = [];
  const exit = (code: number): never => {
    for (const handler of exitHandlers) handler();
    exitNow(code);
  };
  let isForced = false;
  const force = (signal: string) => {
    if (isForced) exit(exitCode.forced);
    isForced = true;
    const exitForced = () => exit(exitCode.forced);
    if (service !== undefined) return void service.forced(signal).then(exitForced, exitForced);
    process.stderr.write(`oidc-authz: a second signal (${signal}) forces the stop during the start\n`);
    exitForced();
  };
  const stop = (signal: string) => {
    const now = systemClock.monotonic();
    if (stopRequestedAt !== undefined && now - stopRequestedAt > sameSignal) force(signal);
    if (stopRequestedAt !== undefined) return;
    stopRequestedAt = now;
    stayAlive();
    void service?.stop().then(exit, crash);
    // If CPU time is scarce, a start can take minutes. It can be abandoned, because no client uses the service yet.
    systemClock.after(startTimeout, () => service ?? exit(exitCode.stopped));
  };
  let hasCrashed = false;
  const crash = (error: unknown) => {
    if (hasCrashed) return;
    hasCrashed = true;
    stayAlive();
    if (service === undefined) process.stderr.write(`oidc-authz: ${inspect(error)}\n`);
    const logged = service?.crashed(error) ?? Promise.resolve();
    const exitDefect = () => exit(exitCode.defect);
    void logged.then(exitDefect, exitDefect);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  // No timer of the service keeps the process alive, and a start can wait for a store that is away.
  const starting = stayAlive();
  try {
    const { startService } = await import('./service.ts');
    service = await startService(sources, {
      program: self.program,
      onExit: (handler) => void exitHandlers.push(handler),
      giveUp: () => exit(exitCode.failed),
    });
  } catch (error) {
    process.stderr.write(`oidc-authz: ${error instanceof Error ? error.message : String(error)}\n`);
    for (const handler of exitHandlers) handler();
    process.exit(error instanceof ConfigError ? exitCode.configuration : exitCode.failed);
  }
  clearInterval(starting);
  const { reload } = service;
  process.on('SIGHUP', () => void reload());
  self.earlyHangups.stopCounting();
  // A signal may have arrived during the start.
  if (self.earlyHangups.count() > 0) void reload();
  if (stopRequestedAt !== undefined) void service.stop().then(exit, crash);
}

/** Keeps Node from exiting, for example with code 0 through the log's own exit handler when the last socket closes. */
function stayAlive(): NodeJS.Timeout {
  return setInterval(() => {}, 60_000);
}
