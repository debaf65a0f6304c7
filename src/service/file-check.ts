/** Checks one file that a configuration names. */
import { ConfigError, type Problem } from '../config/validate/problems.ts';
import { readProblem } from '../runtime/files/read-problem.ts';

/** The check of one file. `attempt` throws if the file is invalid. */
export interface FileCheck {
  readonly path: string;
  readonly source: string;
  readonly attempt: () => unknown;
}

/** Runs a check and returns its problems. */
export async function problemsOfFile({ path, source, attempt }: FileCheck): Promise<readonly Problem[]> {
  try {
    await attempt();
    return [];
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => ({
        ...problem,
        path: `${path}${problem.path === '' ? '' : ` ${problem.path}`}`,
      }));
    return [{ path, source, message: problemOf(error, source) }];
  }
}

function problemOf(error: unknown, source: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!('syscall' in error)) return error.message;
  const other = 'path' in error && error.path !== source ? ` ${String(error.path)}` : '';
  return `cannot read the file${other}: ${readProblem(error)}`;
}
