/** fastify compiles code at run time, which a flag of Node can forbid. */

/**
 * Explains the error of a server that needs fastify. Other errors are thrown unchanged.
 *
 * @param option the option that enables the server
 * @param server the server, as in `the console`
 */
export function explainEvalError(option: string, server: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof EvalError)) throw error;
    throw new Error(
      `${option}: ${server} cannot start, because Node may not compile code; start Node without --disallow-code-generation-from-strings, or set ${option} to false`,
      { cause: error },
    );
  };
}
