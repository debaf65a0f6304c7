/** Prints the problems of a command: those of its command line, or those of the configuration. */
import { formatProblems, type Problem } from '../config/validate/problems.ts';

/** Whether a problem is about the command line only. */
export function isOfCommandLine({ path, source }: Problem): boolean {
  return path === '' && /^(flag|argument|generate)( |$)/.test(source);
}

/** Formats the problems. A flag of the configuration has the path of its option. */
export function formatCommandProblems(problems: readonly Problem[]): string {
  return formatProblems(problems, problems.every(isOfCommandLine) ? 'the command line' : undefined);
}
