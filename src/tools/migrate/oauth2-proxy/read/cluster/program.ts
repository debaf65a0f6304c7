/** Recognizes the program that a command starts, also after an init program such as tini. */

/** Init programs, which only start another program. */
const init = /(^|\/)(tini(-static)?|dumb-init|docker-init|catatonit)$/;

/** Their options that take a value. */
const withValue = ['-p', '-e', '-r', '--rewrite'];

/** Whether a word starts oauth2-proxy. */
export function isProxyProgram(word: string): boolean {
  return /(^|\/)oauth2[-_]proxy$/.test(word);
}

/** The number of words before the program: those of an init program with its options. */
export function initWordCount(words: readonly string[]): number {
  if (!init.test(words[0] ?? '')) return 0;
  let index = 1;
  while (words[index]?.startsWith('-') === true && words[index] !== '--')
    index += withValue.includes(words[index] ?? '') ? 2 : 1;
  return words[index] === '--' ? index + 1 : index;
}
