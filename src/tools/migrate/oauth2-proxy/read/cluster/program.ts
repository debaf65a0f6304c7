/** The program that a command starts, also behind one that only passes signals on. */

/** Programs that start another one and do nothing else. */
const init = /(^|\/)(tini(-static)?|dumb-init|docker-init|catatonit)$/;

/** Their options that take the next word. */
const withValue = ['-p', '-e', '-r', '--rewrite'];

/** Whether a word starts oauth2-proxy. */
export function isProxyProgram(word: string): boolean {
  return /(^|\/)oauth2[-_]proxy$/.test(word);
}

/** How many words of a command stand before the program that runs: those of an init, with its options. */
export function initWordCount(words: readonly string[]): number {
  if (!init.test(words[0] ?? '')) return 0;
  let index = 1;
  while (words[index]?.startsWith('-') === true && words[index] !== '--')
    index += withValue.includes(words[index] ?? '') ? 2 : 1;
  return words[index] === '--' ? index + 1 : index;
}
