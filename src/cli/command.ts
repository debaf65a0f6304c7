/** The shape of a command of the program, and of its help page. */
import type { CommandLineFlag } from '../config/load/settings.ts';

/** A flag in a help page. */
export interface ManualFlag {
  readonly name: string;
  /** The placeholder of its value, for example `FILE`; absent if the flag takes no value. */
  readonly takes?: string;
  readonly text: string;
}

/** A help page. */
export interface ManualPage {
  /** The words of the command, for example `migrate oauth2-proxy`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: readonly string[];
  readonly about: readonly string[];
  /** The command's own flags, without those of the configuration. */
  readonly flags: readonly ManualFlag[];
  /** Whether the command also takes the flags of the configuration. */
  readonly takesConfig: boolean;
  readonly exitCodes: Readonly<Record<number, string>>;
  readonly examples: readonly string[];
}

/** A parsed command line. */
export interface CommandLine {
  /** The arguments as the process got them. */
  readonly argv: readonly string[];
  /** The arguments that are neither flags nor their values: the command, then its operands. */
  readonly words: readonly string[];
  readonly flags: readonly CommandLineFlag[];
}

/** The process that runs a command. */
export interface ProgramProcess {
  /** The path of the program's main file. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** SIGHUPs that arrived before the service could handle them. */
  readonly earlyHangups: EarlyHangups;
  /** Loads the help pages of all commands. */
  readonly loadManual: () => Promise<readonly ManualPage[]>;
}

/** Counts SIGHUPs: by default the first one would kill the process. */
export interface EarlyHangups {
  readonly count: () => number;
  /** Removes this handler. Then SIGHUP has its default effect, unless another handler exists. */
  readonly stopCounting: () => void;
}

/** A command. */
export interface Command {
  /** Its help pages, one for each kind of the command; empty if it has none. */
  readonly manual: readonly ManualPage[];
  /** Whether it handles SIGHUP. Any other command exits on SIGHUP. */
  readonly handlesHangup?: boolean;
  /** Runs the command: writes its output, then sets the exit code or exits. */
  readonly run: (line: CommandLine, self: ProgramProcess) => Promise<void>;
}
