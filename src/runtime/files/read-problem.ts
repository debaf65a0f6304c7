/** Explains why a file cannot be read. */

const explanations: Readonly<Record<string, string>> = {
  EACCES: 'this process is not allowed to read it',
  EISDIR: 'it is a directory',
  ELOOP: 'its links form a loop',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is not a directory',
};

/** Returns the reason, with the code of the system in parentheses. An error without a code keeps its message. */
export function readProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error)) return error.message;
  const code = String(error.code);
  return Object.hasOwn(explanations, code) ? `${explanations[code]} (${code})` : code;
}
