/** An error with one problem. */
import { ConfigError } from '../config/validate/problems.ts';

/**
 * Makes the error for one problem.
 *
 * @param source the place of the problem, for example `flag --tokens`
 */
export function singleProblem(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}
